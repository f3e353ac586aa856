using System.Globalization;
using System.Security.Cryptography;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Verbs;

namespace Pico.Benchmarks.Targets;

/// <summary>One way from the load to the service, and how it is started.</summary>
/// <param name="Name">As given to <c>--targets</c>.</param>
/// <param name="Description">What it is, for the documentation.</param>
/// <param name="NeedsPico">Pico's executables must be published before it can start.</param>
/// <param name="Start">Starts it.</param>
internal sealed record Target(string Name, string Description, bool NeedsPico, Func<TargetContext, RunningTarget> Start)
{
    /// <summary>True for what no goal compares with: it says what the load, the service or the hops cost themselves.</summary>
    public bool IsOrientation { get; private init; }

    /// <summary>Every target, in the order in which they take turns.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        new("direct", "the service itself, for orientation", NeedsPico: false, context =>
            new RunningTarget("direct", context.ServicePort, [])) { IsOrientation = true },
        new("nginx", "a second nginx as reverse proxy with kept-alive upstream connections, no tunnel", NeedsPico: false, StartNginx),
        new("nginx-twice", "two of these in a row, which are as many hops as a tunnel's server and agent, for orientation", NeedsPico: false, StartNginxTwice) { IsOrientation = true },
        new("yarp", "a bare YARP forwarder on Kestrel, no tunnel", NeedsPico: false, StartYarp),
        new("pico", "Pico's server and native AOT agent, as separate processes with their defaults", NeedsPico: true, StartPico),
        new("pico-observed", "the same with one node, and its access log, traces (sampled by default, sent to a receiver that throws them away) and metrics, which are read every second", NeedsPico: true, StartObserved),
        new("pico-2nodes", "the same with two nodes: requests go to the one, the agent's tunnels end at the other (relay), with TLS between them", NeedsPico: true, StartTwoNodes),
    ];

    private static RunningTarget StartNginx(TargetContext context)
    {
        var port = FreePort.Take(1)[0];
        return new RunningTarget("nginx", port, [NginxProcess.StartProxy("nginx", context.Workspace, port, context.ServicePort, context.Time)]);
    }

    private static RunningTarget StartNginxTwice(TargetContext context)
    {
        var ports = FreePort.Take(2);
        var (front, back) = (ports[0], ports[1]);
        return new RunningTarget(
            "nginx-twice", front,
            [
                NginxProcess.StartProxy("front", context.Workspace, front, back, context.Time),
                NginxProcess.StartProxy("back", context.Workspace, back, context.ServicePort, context.Time),
            ]);
    }

    private static RunningTarget StartYarp(TargetContext context)
    {
        var port = FreePort.Take(1)[0];
        var process = new ManagedProcess(
            "yarp", Path.Combine(AppContext.BaseDirectory, "Pico.Benchmarks"), [ForwarderVerb.Name, Text(port), Text(context.ServicePort)], context.Time);
        return new RunningTarget("yarp", port, [process]) { Metrics = new Dictionary<string, Uri> { ["yarp"] = Address(port, ForwarderVerb.MetricsPath) } };
    }

    private static RunningTarget StartPico(TargetContext context)
    {
        var ports = FreePort.Take(4);
        var (proxy, upstream, admin, agentPort) = (ports[0], ports[1], ports[2], ports[3]);
        return new RunningTarget("pico", proxy, [Server("server", context, proxy, upstream, admin), Agent("agent", context, upstream, agentPort)])
        {
            Metrics = Metrics(("server", admin), ("agent", agentPort)),
        };
    }

    private static RunningTarget StartObserved(TargetContext context)
    {
        var ports = FreePort.Take(5);
        var (proxy, upstream, admin, agentPort, receiver) = (ports[0], ports[1], ports[2], ports[3], ports[4]);
        var server = Server(
            "server", context, new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{receiver}", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" },
            proxy, upstream, admin, "--proxy.access-log.enabled", "--proxy.access-log.output", Path.Combine(context.Workspace.Temporary, "access.log"));
        var watcher = new ManagedProcess(
            "watcher", Path.Combine(AppContext.BaseDirectory, "Pico.Benchmarks"), [WatcherVerb.Name, Text(receiver), Text(admin)], context.Time);
        return new RunningTarget("pico-observed", proxy, [server, Agent("agent", context, upstream, agentPort)])
        {
            Helpers = [watcher],
            Metrics = Metrics(("server", admin), ("agent", agentPort)),
        };
    }

    private static RunningTarget StartTwoNodes(TargetContext context)
    {
        var ports = FreePort.Take(9);
        var (proxy, admin, upstream) = (ports[0], ports[1], ports[4]);
        string[] cluster =
        [
            "--cluster.key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            "--cluster.join", $"127.0.0.1:{ports[7]},127.0.0.1:{ports[8]}",
        ];
        var server = Server("server", context, proxy, ports[2], admin, [.. cluster, "--cluster.bind-addr", $"127.0.0.1:{ports[7]}"]);
        var relay = Server("relay", context, ports[3], upstream, ports[5], [.. cluster, "--cluster.bind-addr", $"127.0.0.1:{ports[8]}"]);
        return new RunningTarget("pico-2nodes", proxy, [server, relay, Agent("agent", context, upstream, ports[6])])
        {
            Metrics = Metrics(("server", admin), ("relay", ports[5]), ("agent", ports[6])),
        };
    }

    /// <summary>Starts a server with its defaults, on these ports.</summary>
    public static ManagedProcess Server(string name, TargetContext context, int proxy, int upstream, int admin, params string[] more) =>
        Server(name, context, environment: null, proxy, upstream, admin, more);

    private static ManagedProcess Server(
        string name, TargetContext context, IReadOnlyDictionary<string, string>? environment, int proxy, int upstream, int admin, params string[] more) => new(
        name, context.Pico!.Server,
        [
            "server",
            "--proxy.bind-addr", $"127.0.0.1:{proxy}",
            "--upstream.bind-addr", $"127.0.0.1:{upstream}",
            "--admin.bind-addr", $"127.0.0.1:{admin}",
            .. more,
        ], context.Time, environment);

    /// <summary>Starts an agent that serves the service as <paramref name="endpoint"/> through a server's upstream port, and has <paramref name="port"/> of its own.</summary>
    public static ManagedProcess Agent(string name, TargetContext context, int upstream, int port, string endpoint = RunningTarget.EndpointId) => new(
        name, context.Pico!.Agent,
        [
            "agent",
            "--endpoints", $"{endpoint}/127.0.0.1:{context.ServicePort}",
            "--server", $"ws://127.0.0.1:{upstream}",
            "--bind-addr", $"127.0.0.1:{port}",
        ], context.Time);

    private static Dictionary<string, Uri> Metrics(params IEnumerable<(string Process, int Port)> ports) =>
        ports.ToDictionary(entry => entry.Process, entry => Address(entry.Port, "/metrics"));

    private static Uri Address(int port, string path) => new($"http://127.0.0.1:{port}{path}");

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
