using System.Globalization;
using Pico.Cli.Settings;
using Pico.Cli.Status;
using Pico.Configuration.Commands;

namespace Pico.Cli.Verbs;

/// <summary><c>pico log-level</c>: what a running server logs.</summary>
internal static class LogLevelVerb
{
    public static Verb Create() => new Verb<LogLevelSettings>(
        new VerbText
        {
            Name = "log-level",
            Summary = "Show or change what a running server logs.",
            Details =
                "Asks a server's admin port for the levels of its log, or sets one: of all categories, or of those that begin with a name, for good or for a while. It holds until the server ends, and for "
                + "that server only. Changes need an operator's token, or, without admin.auth, the server's own machine.",
            Examples =
            [
                ("What does the server log?", "pico log-level"),
                ("Everything about requests, for ten minutes", "pico log-level debug Pico.Server.Proxy --for 10m"),
                ("All as it was configured", "pico log-level default"),
            ],
            Docs = StatusVerb.Docs,
        },
        LogLevelSettings.Definitions,
        RunAsync)
        .Argument("level", LogLevelSettings.Levels, s => s.Level, (s, v) => s.Level = v, "The least severe messages to log; default: as configured. Without it, what holds is shown.", required: false)
        .Argument("category", LogLevelSettings.Categories, s => s.Category, (s, v) => s.Category = v, "What the categories' names begin with. Without it: all of them.", required: false);

    private static async Task<int> RunAsync(LogLevelSettings settings, VerbContext context)
    {
        try
        {
            using var client = new AdminClient(settings.Admin);
            var said = await client.SetAsync("/log-level", Query(settings), context.Stopping);
            foreach (var rule in said["levels"]!.AsArray())
            {
                var category = (string?)rule!["category"] is { Length: > 0 } name ? name : "all";
                var until = rule["until"]?.GetValue<DateTimeOffset>() is { } end ? string.Create(CultureInfo.InvariantCulture, $"   until {end.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z") : "";
                context.Out.WriteLine($"{(string?)rule["level"],-7} {ConsoleText.Printable(category)}{until}");
            }

            return ExitCode.Clean;
        }
        catch (AdminException e)
        {
            return context.Fail(e.Message);
        }
    }

    private static string Query(LogLevelSettings settings)
    {
        if (settings.Level.Length == 0)
            return "";
        var query = "?level=" + settings.Level;
        if (settings.Category.Length > 0)
            query += "&category=" + Uri.EscapeDataString(settings.Category);
        return settings.For > TimeSpan.Zero && settings.Level != "default" ? query + string.Create(CultureInfo.InvariantCulture, $"&for={settings.For.TotalSeconds}") : query;
    }
}
