using System.Globalization;
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
    /// <summary>Every target, in the order in which they take turns.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        new("direct", "the service itself, for orientation", NeedsPico: false, context =>
            new RunningTarget("direct", context.ServicePort, [])),
        new("nginx", "a second nginx as reverse proxy with kept-alive upstream connections, no tunnel", NeedsPico: false, StartNginx),
        new("yarp", "a bare YARP forwarder on Kestrel, no tunnel", NeedsPico: false, StartYarp),
        new("pico", "Pico's server and native AOT agent, as separate processes with their defaults", NeedsPico: true, StartPico),
    ];

    private static RunningTarget StartNginx(TargetContext context)
    {
        var port = FreePort.Take(1)[0];
        return new RunningTarget("nginx", port, [NginxProcess.StartProxy(context.Workspace, port, context.ServicePort, context.Time)]);
    }

    private static RunningTarget StartYarp(TargetContext context)
    {
        var port = FreePort.Take(1)[0];
        var process = new ManagedProcess(
            "yarp", Path.Combine(AppContext.BaseDirectory, "Pico.Benchmarks"), [ForwarderVerb.Name, Text(port), Text(context.ServicePort)], context.Time);
        return new RunningTarget("yarp", port, [process], Address(port, ForwarderVerb.MetricsPath));
    }

    private static RunningTarget StartPico(TargetContext context)
    {
        var ports = FreePort.Take(4);
        var (proxy, upstream, admin, agentPort) = (ports[0], ports[1], ports[2], ports[3]);
        var server = new ManagedProcess("server", context.Pico!.Server,
        [
            "server",
            "--proxy.bind-addr", $"127.0.0.1:{proxy}",
            "--upstream.bind-addr", $"127.0.0.1:{upstream}",
            "--admin.bind-addr", $"127.0.0.1:{admin}",
        ], context.Time);
        var agent = new ManagedProcess("agent", context.Pico.Agent,
        [
            "agent",
            "--endpoints", $"{RunningTarget.EndpointId}/127.0.0.1:{context.ServicePort}",
            "--server", $"ws://127.0.0.1:{upstream}",
            "--bind-addr", $"127.0.0.1:{agentPort}",
        ], context.Time);
        return new RunningTarget("pico", proxy, [server, agent], Address(admin, "/metrics"));
    }

    private static Uri Address(int port, string path) => new($"http://127.0.0.1:{port}{path}");

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
