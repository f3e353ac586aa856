using System.Diagnostics;
using System.Net;
using System.Text;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Scale.Processes;
using Pico.Benchmarks.Scale.Reports;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Benchmarks.Scale.Parts;

/// <summary>Many endpoints at one node, and in its routing table those of a whole cluster.</summary>
internal static class EndpointPart
{
    private const int PerAgent = 1_000; // a tunnel may have no more, by default
    private const int Samples = 2_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task<ScaleResult> RunAsync(ScaleContext context, CancellationToken cancellation)
    {
        var (sizes, time) = (context.Sizes, context.Time);
        var servicePort = FreePort.Take(1)[0];
        await using var service = EchoVerb.Start(servicePort, time);
        await using var node = await PicoNode.StartAsync("server", context.Pico.Server, NodePorts.Take(1)[0], [], time, cancellation);
        var before = node.ReadUsage();
        var agents = Math.Max(1, sizes.Endpoints / PerAgent);
        context.Say($"{agents:N0} agents register {sizes.Endpoints:N0} endpoints");
        var start = time.GetTimestamp();
        await using var herd = new AgentHerd(new HerdPlan([node.TunnelUrl], $"127.0.0.1:{servicePort}", agents, EndpointsPerAgent: sizes.Endpoints / agents), time);
        await node.WaitForMetricAsync("pico_registrations", sizes.Endpoints, Patience, cancellation);
        var registered = time.GetElapsedTime(start);
        await Task.Delay(sizes.Idle, time, cancellation);
        var after = node.ReadUsage();
        context.Say("a request to each endpoint");
        await EndpointCheck.RunAsync(node, sizes.Endpoints, cancellation);

        var inCluster = sizes.Endpoints * 10;
        context.Say($"look-ups in tables of 1 to {inCluster:N0} endpoints");
        var lookups = new[] { 1, sizes.Endpoints, inCluster }.Select(count => LookUp(count, time)).ToArray();
        return new ScaleResult(
            $"{sizes.Endpoints:N0} endpoints of {agents} agents in {herd.Processes} processes of the benchmark, at one server process with its defaults. Memory is what the server's resident memory grew by from before the "
            + $"first agent to {sizes.Idle.TotalSeconds:N0} s after the last registration, divided by the endpoints; then every endpoint answered a request. The routing table was measured by itself, in the benchmark's process, on endpoints at random: "
            + "what other nodes tell of theirs is in the gossip's section.",
            [
                new("server memory per endpoint", $"{(after.ResidentBytes - before.ResidentBytes) / (double)sizes.Endpoints / 1000:N2} KB"),
                new("time until all were registered", $"{registered.TotalSeconds:N1} s"),
                .. lookups.Select(lookup => new ScaleFigure($"look-up among {lookup.Count:N0} endpoints", $"{lookup.Nanoseconds:N0} ns")),
                new($"memory of the table with {inCluster:N0} endpoints", $"{lookups[^1].Bytes / 1e6:N0} MB, {lookups[^1].Bytes / (double)inCluster:N0} bytes an endpoint"),
            ]);
    }

    private static (int Count, double Nanoseconds, long Bytes) LookUp(int count, TimeProvider time)
    {
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        var routes = new RouteTable();
        for (var i = 0; i < count; i++)
            routes.AddRemote(new Elsewhere(AgentsVerb.EndpointId(i), time));
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - heap;
        // As they come in a header; more of them than the processor's cache has room for.
        var random = new Random(1);
        var headers = Enumerable.Range(0, Math.Min(count, 200_000)).Select(_ => Encoding.ASCII.GetBytes(AgentsVerb.EndpointId(random.Next(count)))).ToArray();
        Run(routes, headers, Samples / 10);
        var start = time.GetTimestamp();
        Run(routes, headers, Samples);
        return (count, time.GetElapsedTime(start).TotalNanoseconds / Samples, bytes);
    }

    private static void Run(RouteTable routes, byte[][] headers, int times)
    {
        for (var (i, next) = (0, 0); i < times; i++, next = next + 1 == headers.Length ? 0 : next + 1)
        {
            if (!routes.TryGet(headers[next], out _))
                throw new BenchmarkException("An endpoint is not in the table.");
        }
    }

    private sealed class Elsewhere(string endpointId, TimeProvider time) : Upstream(endpointId, EndpointProtocol.Http, time)
    {
        public override Proximity Proximity => Proximity.Elsewhere;

        public override string Description => "another node";

        public override ValueTask<TunnelStream> OpenAsync(IPEndPoint? client, ActivityContext trace, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
