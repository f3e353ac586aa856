using Pico.Agent.Commands.Logs;
using Pico.Cli.Kubernetes;
using Pico.Cli.Settings;
using Pico.Configuration.Commands;
using Pico.Server.Hosting;
using Pico.Server.Observing.Tracing;

namespace Pico.Cli.Verbs;

/// <summary><c>pico server</c>: one node.</summary>
internal static class ServerVerb
{
    public static Verb Create() => new Verb<ServerSettings>(
        new VerbText
        {
            Name = "server",
            Summary = "Run a server: clients send requests to it, agents hold tunnels to it.",
            Details =
                "Runs one Pico server. Agents open tunnels to its upstream port and register endpoints; clients send requests to its proxy port, with the "
                + "endpoint in the x-pico-endpoint header or as the first label of Host, and the server passes them down the right tunnel. The admin port "
                + "tells health, metrics and status. SIGTERM, Ctrl-C or POST /drain on the admin port drains: no new work, what runs may finish.",
            Examples =
            [
                ("All ports on their defaults: proxy 8000, upstream 8001, admin 8003", "pico server"),
                ("Endpoints as subdomains: orders.example.com is the endpoint orders", "pico server --proxy.base-domain example.com"),
                ("Behind a load balancer that tells the client's address", "pico server --proxy.trusted-proxies 10.0.0.0/8"),
                ("One of three nodes that find each other by a name", "pico server --cluster.join pico.internal --cluster.key-files gossip.key"),
                (
                    "In Kubernetes: nodes found by the API too, agents known by their ServiceAccount",
                    "pico server --cluster.join pico-gossip.pico.svc --cluster.kubernetes.selector app=pico --upstream.auth.issuers '{\"name\":\"cluster\",\"kubernetes-keys\":true}'"),
                ("Options from a file, one of them overruled", "PICO_LOG_LEVEL=debug pico server --config pico.yaml"),
            ],
            Docs = "docs/overview.md, docs/configuration.md",
        },
        ServerSettings.Definitions,
        RunAsync);

    // Tracing is set up by OpenTelemetry's own variables, as everywhere.
    private static Dictionary<string, string> TracingVariables() => Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
        .Where(v => ((string)v.Key).StartsWith(TracingOptions.Prefix, StringComparison.Ordinal))
        .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? "");

    private static async Task<int> RunAsync(ServerSettings settings, VerbContext context)
    {
        var levels = new LogLevels(settings.Log.Level, TimeProvider.System);
        using var loggers = Logging.Start(settings.Log, levels, context.Effective);
        settings.Server.Admin.LogLevels = new ServerLogLevels(levels);
        settings.Server.Tracing.Variables = TracingVariables();
        try
        {
            using var kubernetes = KubernetesJoint.Join(settings, loggers, TimeProvider.System);
            await using var server = new PicoServer(settings.Server, loggers, TimeProvider.System);
            await server.StartAsync(context.Stopping);
            await Task.WhenAny(context.WaitForStopAsync(), server.DrainRequested);
            await server.StopAsync(CancellationToken.None);
            return ExitCode.Clean;
        }
        catch (Exception e) when (e is ServerStartException or InvalidOptionsException)
        {
            return context.Fail(e.Message);
        }
    }
}
