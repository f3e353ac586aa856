using System.Text.Json;
using Pico.Cli.Settings;
using Pico.Cli.Status;
using Pico.Configuration.Commands;
using Pico.Server.Admin.Status;

namespace Pico.Cli.Verbs;

/// <summary><c>pico status</c>: what a server knows, from its admin port.</summary>
internal static class StatusVerb
{
    // A status is text about endpoints and tunnels; what is greater than this is none.
    private const int MaxAnswerSize = 64 * 1024 * 1024;

    public static Verb Create() => new Verb<StatusSettings>(
        new VerbText
        {
            Name = "status",
            Summary = "Show the nodes, endpoints and upstreams that a server knows.",
            Details = "Asks a server's admin port for its nodes, endpoints and upstreams, and prints them as tables or as JSON.",
            Examples =
            [
                ("Everything that the server on this machine knows", "pico status"),
                ("Who serves which endpoint?", "pico status upstreams --server http://pico.example.com:8003"),
                ("For programs", "pico status endpoints --output json | jq '.[].id'"),
            ],
            Docs = "docs/overview.md",
        },
        StatusSettings.Definitions,
        RunAsync)
        .Argument("what", StatusSettings.Sections, s => s.Section, (s, v) => s.Section = v, "nodes, endpoints, upstreams, or all (the default).", required: false);

    private static async Task<int> RunAsync(StatusSettings settings, VerbContext context)
    {
        var address = new Uri(settings.Server.TrimEnd('/') + "/status");
        ServerStatus? status;
        try
        {
            using var client = new HttpClient { Timeout = settings.Timeout, MaxResponseContentBufferSize = MaxAnswerSize };
            using var response = await client.GetAsync(address, context.Stopping);
            if (!response.IsSuccessStatusCode)
                return context.Fail($"{address} answered {(int)response.StatusCode}: is it the admin port of a Pico server?");
            status = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(context.Stopping), StatusJson.Default.ServerStatus);
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            return context.Fail($"{address} did not answer within {settings.Timeout.TotalSeconds} s");
        }
        catch (HttpRequestException e)
        {
            return context.Fail($"{address} cannot be asked: {e.Message}");
        }
        catch (JsonException)
        {
            status = null;
        }

        if (status is null)
            return context.Fail($"{address} gave no status: is it the admin port of a Pico server?");
        if (settings.Json)
            StatusDocument.Write(context.Out, settings.Section, status);
        else
            StatusTables.Write(context.Out, settings.Section, status);
        return ExitCode.Clean;
    }
}
