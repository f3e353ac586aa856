using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Scale.Processes;
using Pico.Benchmarks.Scale.Reports;

namespace Pico.Benchmarks.Scale.Parts;

/// <summary>What a tunnel costs a server while nothing happens but its keep-alive.</summary>
internal static class IdlePart
{
    private const double RequiredKilobytes = 25;
    private const double AimedKilobytes = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task<ScaleResult> RunAsync(ScaleContext context, CancellationToken cancellation)
    {
        var (sizes, time) = (context.Sizes, context.Time);
        var servicePort = FreePort.Take(1)[0];
        await using var service = EchoVerb.Start(servicePort, time);
        await using var node = await PicoNode.StartAsync("server", context.Pico.Server, NodePorts.Take(1)[0], [], time, cancellation);
        await node.ReadMetricAsync("pico_tunnels", cancellation);
        var before = node.ReadUsage();
        context.Say($"a server without tunnels: {before.ResidentBytes / 1e6:N1} MB; {sizes.Tunnels:N0} agents connect");

        var start = time.GetTimestamp();
        await using var herd = new AgentHerd(new HerdPlan([node.TunnelUrl], $"127.0.0.1:{servicePort}", sizes.Tunnels), time);
        await node.WaitForMetricAsync("pico_registrations", sizes.Tunnels, Patience, cancellation);
        var connected = time.GetElapsedTime(start);
        context.Say($"all are registered after {connected.TotalSeconds:N1} s; idle for {sizes.Idle.TotalSeconds:N0} s");

        await Task.Delay(sizes.Idle, time, cancellation);
        var idle = node.ReadUsage();
        await Task.Delay(sizes.Idle, time, cancellation);
        var after = node.ReadUsage();
        var heap = await node.ReadMetricAsync("dotnet_gc_last_collection_heap_size_bytes", cancellation);
        var tunnels = await node.ReadMetricAsync("pico_tunnels", cancellation);
        if (tunnels != sizes.Tunnels)
            throw new BenchmarkException($"{tunnels:N0} of {sizes.Tunnels:N0} tunnels are left after {2 * sizes.Idle.TotalSeconds:N0} s.");
        herd.ThrowIfExited();
        var agents = herd.ReadUsage();
        context.Say("a request to each endpoint");
        await EndpointCheck.RunAsync(node, herd.Plan.Endpoints, cancellation);

        var perTunnel = (after.ResidentBytes - before.ResidentBytes) / (double)sizes.Tunnels / 1000;
        var cpu = (after.CpuSeconds - idle.CpuSeconds) / sizes.Idle.TotalSeconds;
        return new ScaleResult(
            $"One server process with its defaults and {sizes.Tunnels:N0} agents of one tunnel and one endpoint each, in {herd.Processes} processes of the benchmark; "
            + $"over WebSockets on loopback, with keep-alives as by default. Memory is what the server's resident memory grew by from before the first agent to {2 * sizes.Idle.TotalSeconds:N0} s after the last, "
            + "divided by the tunnels; CPU that of the second half of this time. At the end every endpoint answered a request.",
            [
                ScaleFigure.AtMost("server memory per idle tunnel", perTunnel, RequiredKilobytes, AimedKilobytes, "0.0", " KB"),
                new("server, resident: without a tunnel, with all, at its peak", $"{before.ResidentBytes / 1e6:N0} MB, {after.ResidentBytes / 1e6:N0} MB, {after.PeakResidentBytes / 1e6:N0} MB"),
                new("server, managed heap after the last collection", $"{heap / 1e6:N0} MB"),
                new("server, CPU for all tunnels", $"{cpu * 100:N1} % of a core, {cpu / sizes.Tunnels * 1e6:N1} µs per tunnel and second"),
                new("time until all were registered", $"{connected.TotalSeconds:N1} s"),
                new("agents, resident, per agent of the benchmark's processes", $"{agents.ResidentBytes / (double)sizes.Tunnels / 1000:N1} KB"),
            ]);
    }
}
