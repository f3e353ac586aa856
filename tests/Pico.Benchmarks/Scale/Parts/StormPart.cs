using System.Security.Cryptography;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Scale.Processes;
using Pico.Benchmarks.Scale.Reports;

namespace Pico.Benchmarks.Scale.Parts;

/// <summary>All agents of a node at once: the only node crashes, and one of two.</summary>
internal static class StormPart
{
    private const int RequestsPerSecond = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    public static async Task<ScaleResult> RunAsync(ScaleContext context, CancellationToken cancellation)
    {
        var (sizes, time) = (context.Sizes, context.Time);
        var figures = new List<ScaleFigure>();
        var servicePort = FreePort.Take(1)[0];
        await using var service = EchoVerb.Start(servicePort, time);
        var ports = NodePorts.Take(3);
        var processes = 0;

        await using (var node = await PicoNode.StartAsync("server", context.Pico.Server, ports[0], [], time, cancellation))
        {
            await using var herd = await StartHerdAsync(context, [node], servicePort, tunnels: 1, cancellation);
            processes = herd.Processes;
            context.Say("the only node crashes and is started again");
            var (registered, load) = await CrashAsync(context, node, node, herd, cancellation);
            figures.Add(new("one node: all registered again, counted from the crash", $"{registered.TotalSeconds:N1} s"));
            figures.Add(new("one node: requests that failed meanwhile", $"{load.Failed:N0} of {load.Sent:N0} ({load.Failures})"));
            await EndpointCheck.RunAsync(node, sizes.Tunnels, cancellation);
        }

        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        string[] Cluster(NodePorts own) =>
            ["--cluster.key", key, "--cluster.bind-addr", $"127.0.0.1:{own.Gossip}", "--cluster.join", $"127.0.0.1:{ports[1].Gossip},127.0.0.1:{ports[2].Gossip}"];
        await using (var stays = await PicoNode.StartAsync("stays", context.Pico.Server, ports[1], Cluster(ports[1]), time, cancellation))
        await using (var crashes = await PicoNode.StartAsync("crashes", context.Pico.Server, ports[2], Cluster(ports[2]), time, cancellation))
        {
            await using var herd = await StartHerdAsync(context, [stays, crashes], servicePort, tunnels: 2, cancellation);
            context.Say("one of two nodes crashes and is started again");
            var (registered, load) = await CrashAsync(context, crashes, stays, herd, cancellation);
            figures.Add(new("one of two nodes: all registered again at both, counted from the crash", $"{registered.TotalSeconds:N1} s"));
            figures.Add(ScaleFigure.AtMost($"one of two nodes: of {load.Sent:N0} requests to the other that failed meanwhile ({load.Failures})", load.Failed, 0, null, "N0", ""));
            await EndpointCheck.RunAsync(stays, sizes.Tunnels, cancellation);
            await EndpointCheck.RunAsync(crashes, sizes.Tunnels, cancellation);
        }

        return new ScaleResult(
            $"{sizes.Tunnels:N0} agents with an endpoint each, in {processes} processes of the benchmark, all from one address, with their defaults: first with a tunnel to the only node, then with one to each of "
            + $"two. The node is killed, and started again at once, while {RequestsPerSecond} requests a second go to endpoints at random. At the end every endpoint answered, at each node.",
            figures);
    }

    private static async Task<AgentHerd> StartHerdAsync(ScaleContext context, PicoNode[] nodes, int servicePort, int tunnels, CancellationToken cancellation)
    {
        var agents = context.Sizes.Tunnels;
        context.Say($"{agents:N0} agents connect, to {nodes.Length} of {nodes.Length}");
        var herd = new AgentHerd(new HerdPlan([.. nodes.Select(node => node.TunnelUrl)], $"127.0.0.1:{servicePort}", agents, tunnels), context.Time);
        try
        {
            foreach (var node in nodes)
                await node.WaitForMetricAsync("pico_registrations", agents, Patience, cancellation);
            return herd;
        }
        catch
        {
            await herd.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives the time from the crash until all have registered, and what became of requests to <paramref name="asked"/> from before it until a while after that.</summary>
    private static async Task<(TimeSpan Registered, EndpointLoad Load)> CrashAsync(
        ScaleContext context, PicoNode node, PicoNode asked, AgentHerd herd, CancellationToken cancellation)
    {
        var time = context.Time;
        await using var load = new EndpointLoad(asked, herd.Plan.Endpoints, RequestsPerSecond, time);
        await Task.Delay(Calm, time, cancellation);
        if (load.Failed > 0 || load.Sent == 0)
            throw new BenchmarkException($"{load.Failed} of {load.Sent} requests failed before the crash: {load.Failures}");
        var start = time.GetTimestamp();
        await node.KillAsync();
        await node.RestartAsync(cancellation);
        context.Say($"it is there again after {time.GetElapsedTime(start).TotalSeconds:N1} s");
        await node.WaitForMetricAsync("pico_registrations", herd.Plan.Agents, Patience, cancellation);
        var registered = time.GetElapsedTime(start);
        context.Say($"all are registered again after {registered.TotalSeconds:N1} s");
        await Task.Delay(Calm, time, cancellation);
        herd.ThrowIfExited();
        return (registered, load);
    }
}
