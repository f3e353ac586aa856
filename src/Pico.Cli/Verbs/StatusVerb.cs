using Pico.Cli.Settings;
using Pico.Cli.Status;
using Pico.Configuration.Commands;

namespace Pico.Cli.Verbs;

/// <summary><c>pico status</c>: what a server knows, from its admin port.</summary>
internal static class StatusVerb
{
    public const string Docs = "docs/observability.md";

    public static Verb Create() => new Verb<StatusSettings>(
        new VerbText
        {
            Name = "status",
            Summary = "Show the nodes, endpoints and tunnels that a server knows.",
            Details =
                "Asks a server's admin port and prints tables, JSON or YAML: an overview with what is not well first, or one list, whole. Figures are of the node that is asked, or of --node. "
                + "The exit code is 0 if the server answered, whatever it said, 1 if it did not, and 2 if the command line is wrong.",
            Examples =
            [
                ("An overview, from the server on this machine", "pico status"),
                ("What is broken, and why?", "pico status endpoints --state unhealthy --sort errors"),
                ("One endpoint with all of its upstreams", "pico status endpoint my-endpoint --server http://pico.example.com:8003"),
                ("Why does it not answer? Step by step", "pico status check my-endpoint"),
                ("The agents that are connected to another node, live", "pico status tunnels --node pico-1 --watch"),
                ("Through TLS, with a certificate and a token", "pico status --server https://pico.example.com:8003 --server-tls.ca-file ca.pem --server-tls.certificate-file me.pem --server-tls.key-file me.key --token-file token"),
                ("For programs", "pico status endpoints --output json | jq '.[].id'"),
            ],
            Docs = Docs,
        },
        StatusSettings.Definitions,
        RunAsync)
        .Argument("what", StatusSettings.Sections, s => s.Section, (s, v) => s.Section = v, "nodes, endpoints, endpoint ID, upstreams, tunnels, gossip, or all (the default): the overview.", required: false)
        .Argument("id", TokenAuthSettings.AnyText, s => s.Id, (s, v) => s.Id = v, "With endpoint: which.", required: false)
        .With(StatusCheckVerb.Create())
        .Suggest("id", (s, begun, stop) => s.Section == StatusSection.Endpoint ? KnownNames.EndpointsAsync(s.Admin, begun, stop) : KnownNames.None)
        .Suggest("endpoint", (s, begun, stop) => KnownNames.EndpointsAsync(s.Admin, begun, stop))
        .Suggest("holder", (s, _, stop) => KnownNames.NodesAsync(s.Admin, stop))
        .Suggest("node", (s, _, stop) => KnownNames.NodesAsync(s.Admin, stop));

    private static async Task<int> RunAsync(StatusSettings settings, VerbContext context)
    {
        if (new StatusQuery(settings).Problem() is { } mistake)
            return context.Fail(mistake, ExitCode.Usage);
        var screen = Screen.Of(context.Out);
        try
        {
            using var client = new AdminClient(settings.Admin);
            if (settings.Watch)
                await new StatusWatch(client, settings, screen, context.Error, TimeProvider.System).RunAsync(context.Stopping);
            else
                await ShowAsync(new StatusReader(client, settings), settings, screen, context.Stopping);
            return ExitCode.Clean;
        }
        catch (AdminException e)
        {
            return context.Fail(e.Message);
        }
    }

    private static async Task ShowAsync(StatusReader reader, StatusSettings settings, Screen screen, CancellationToken cancellationToken)
    {
        if (settings.Output is StatusOutput.Json or StatusOutput.Yaml)
        {
            StatusDocument.Write(screen.Out, settings.Output, await reader.WholeAsync(cancellationToken), isOneOfMany: false);
            return;
        }

        var tables = new StatusTables(screen, settings.Output == StatusOutput.Wide, TimeProvider.System);
        await foreach (var page in reader.PagesAsync(cancellationToken))
            tables.Write(settings.Section, page);
    }
}
