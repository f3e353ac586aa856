using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Benchmarks.Scale.Reports;
using Pico.Gossip;
using Pico.Simulation;

namespace Pico.Benchmarks.Scale.Parts;

/// <summary>
/// The gossip at the size that a cluster is meant to have: the memory that a node takes for everybody's keys, how long a new node takes to be in sync (real sockets on loopback, sealed),
/// and what a node sends when nothing happens and at a rate of changes (simulated, sealed).
/// </summary>
internal static class GossipPart
{
    private const int SimulatedSeconds = 30;
    private const int UdpAndIp = 28;

    private const int ChangesPerSecond = 1000;

    public static async Task<ScaleResult> RunAsync(ScaleContext context, CancellationToken cancellation)
    {
        var (nodes, keys) = (context.Sizes.Peers + 1, context.Sizes.KeysPerPeer);
        var figures = new List<ScaleFigure>();
        await SyncAsync(context, figures, cancellation);
        Traffic(context, figures, changesPerSecond: 0);
        Traffic(context, figures, ChangesPerSecond);
        return new ScaleResult(
            $"One process. A node is told what {nodes - 1} others with {keys:N0} keys each would tell it, and a second node joins it: real sockets on loopback, sealed. "
            + $"What a node of {nodes} sends is counted in the simulator, sealed too, over {SimulatedSeconds} s of its time.",
            figures);
    }

    /// <summary>One node is given what all of the others would have told it; then a second one joins it.</summary>
    private static async Task SyncAsync(ScaleContext context, List<ScaleFigure> figures, CancellationToken cancellation)
    {
        var (nodes, keys, time) = (context.Sizes.Peers + 1, context.Sizes.KeysPerPeer, context.Time);
        var key = GossipKey.Create();
        await using var others = new SyntheticCluster(nodes - 1, key);
        var before = Heap();
        await using var full = await Listening.StartAsync("full", key, [], cancellation);
        await others.FillAsync(full.Node, keys, cancellation);
        var memory = Heap() - before;
        var total = (nodes - 1L) * keys;
        context.Say($"a node has been told {total:N0} keys; another joins");
        figures.Add(new("memory of a node for all keys", $"{memory / 1e6:N0} MB, {memory / (double)total:N1} bytes a key (the key itself and its value: {SyntheticCluster.PayloadBytes:N1})"));

        var start = time.GetTimestamp();
        await using var fresh = await Listening.StartAsync("fresh", key, [full.Address.ToString()], cancellation);
        await fresh.Node.Joined.WaitAsync(TimeSpan.FromMinutes(2), time, cancellation);
        var elapsed = time.GetElapsedTime(start);
        figures.Add(new("a new node in sync", $"after {elapsed.TotalMilliseconds:N0} ms: {fresh.Values:N0} values, {fresh.Node.Counters.BytesReceived / 1e6:N1} MB received"));
        if (fresh.Values != total)
            throw new BenchmarkException($"The new node has {fresh.Values:N0} values, not {total:N0}.");
    }

    private static void Traffic(ScaleContext context, List<ScaleFigure> figures, int changesPerSecond)
    {
        var nodes = context.Sizes.Peers + 1;
        context.Say($"{nodes} nodes, {changesPerSecond:N0} changes a second");
        var cluster = new SimulatedCluster(1) { Key = GossipKey.Create(), KeepsValues = false };
        cluster.StartMany(nodes);
        cluster.RunUntil(() => cluster.Running.Count == nodes && cluster.IsConverged(), 60_000, "the cluster forms");
        cluster.RunFor(10_000);
        var network = cluster.Network;
        var from = network.Now + 5000;
        for (var i = 0; i < changesPerSecond * (SimulatedSeconds + 5); i++)
        {
            var number = i;
            var node = cluster.Running[network.Random.Next(nodes)];
            network.Schedule(network.Now + (i * 1000L / changesPerSecond), () => node.Set(SyntheticCluster.KeyOf(number % 10_000), (number % 100_000).ToString("D5", CultureInfo.InvariantCulture)));
        }

        network.RunUntil(from);
        var (bytes, packets) = (network.BytesSent, network.PacketsSent);
        cluster.RunFor(SimulatedSeconds * 1000);
        bytes = network.BytesSent - bytes;
        packets = network.PacketsSent - packets;
        var perNode = (double)nodes * SimulatedSeconds;
        figures.Add(new(
            $"sent by a node of {nodes} at {changesPerSecond:N0} changes a second",
            $"{bytes / perNode / 1000:N1} kB/s, {(bytes + (packets * UdpAndIp)) / perNode / 1000:N1} with the headers of UDP and IP, {packets / perNode:N0} packets/s"));
    }

    private static long Heap()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>A node on loopback with the TCP side that a server gives it.</summary>
    private sealed class Listening : IGossipObserver, IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stopping = new();
        private Task _accepting = Task.CompletedTask;

        private Listening(string id, GossipKey key, string[] join)
        {
            _listener.Start();
            Node = new GossipNode(
                new GossipOptions
                {
                    Life = new NodeLife(id, 1),
                    Bind = Address,
                    Keys = [key],
                    Join = join,
                },
                this, TimeProvider.System, NullLoggerFactory.Instance);
        }

        public GossipNode Node { get; }

        public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

        public long Values { get; private set; }

        public static async Task<Listening> StartAsync(string id, GossipKey key, string[] join, CancellationToken cancellation)
        {
            var node = new Listening(id, key, join);
            node._accepting = node.AcceptAsync();
            await node.Node.StartAsync(cancellation);
            return node;
        }

        public void OnMemberUp(Member member)
        {
        }

        public void OnMemberDown(Member member, MemberDownReason reason)
        {
        }

        public void OnValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Values++;

        public void OnValueRemoved(Member member, ReadOnlySpan<byte> key)
        {
        }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            _listener.Dispose();
            await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Node.DisposeAsync();
            _stopping.Dispose();
        }

        private async Task AcceptAsync()
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                await Node.AcceptAsync(client.GetStream(), client.Client.RemoteEndPoint!, _stopping.Token);
            }
        }
    }
}
