using System.Globalization;
using Pico.Cli.Settings;
using Pico.Cli.Status;
using Pico.Configuration.Commands;

namespace Pico.Cli.Verbs;

/// <summary><c>pico access-log</c>: switches a running server's access log.</summary>
internal static class AccessLogVerb
{
    public static Verb Create() => new Verb<AccessLogSwitchSettings>(
        new VerbText
        {
            Name = "access-log",
            Summary = "Show or switch the access log of a running server.",
            Details =
                "Asks a server's admin port whether requests are logged, or switches that, for good or for a while. It holds until the server ends, and for that server only; where the log goes and "
                + "what is in it are options of the server (proxy.access-log.*). Changes need an operator's token, or, without admin.auth, the server's own machine.",
            Examples =
            [
                ("Is there one, and does it lose entries?", "pico access-log"),
                ("Log all requests for ten minutes", "pico access-log on --for 10m"),
                ("One request in a hundred, and all that fail or are slow", "pico access-log on --sample 0.01"),
            ],
            Docs = StatusVerb.Docs,
        },
        AccessLogSwitchSettings.Definitions,
        RunAsync)
        .Argument("switch", AccessLogSwitchSettings.Switches, s => s.Switch, (s, v) => s.Switch = v, "on, off, or default: as configured. Without it, what holds is shown.", required: false);

    private static async Task<int> RunAsync(AccessLogSwitchSettings settings, VerbContext context)
    {
        try
        {
            using var client = new AdminClient(settings.Admin);
            var said = await client.SetAsync("/access-log", Query(settings), context.Stopping);
            var until = said["until"]?.GetValue<DateTimeOffset>() is { } end ? string.Create(CultureInfo.InvariantCulture, $" until {end.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z") : "";
            context.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{((bool)said["enabled"]! ? $"on, {(double)said["sample"]! * 100:0.####} % of requests" : "off")}{until}; {(long)said["written"]!} entries written, {(long)said["dropped"]!} lost"));
            return ExitCode.Clean;
        }
        catch (AdminException e)
        {
            return context.Fail(e.Message);
        }
    }

    private static string Query(AccessLogSwitchSettings settings)
    {
        if (settings.Switch.Length == 0)
            return "";
        var query = "?enabled=" + settings.Switch;
        if (settings.Switch == "true")
            query += string.Create(CultureInfo.InvariantCulture, $"&sample={settings.Sample}");
        return settings.For > TimeSpan.Zero && settings.Switch != "default" ? query + string.Create(CultureInfo.InvariantCulture, $"&for={settings.For.TotalSeconds}") : query;
    }
}
