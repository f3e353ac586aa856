using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Security.Authentication;
using Pico.Gossip;
using Pico.Server.Admin.Metrics;
using Pico.Server.Cluster.Members;
using Pico.Server.Proxy;
using Pico.Tunnel.Streams;

namespace Pico.Server.Cluster;

/// <summary>What is counted of the cluster: verbs outside, instruments inside. Safe from any thread.</summary>
internal sealed class ClusterMetrics
{
    private const string Busy = "busy";
    private static readonly string[] LinkReasons = ["certificate", "timeout", "connection", "handshake"];

    private readonly PeerDirectory _peers;
    // Told from the start, so that the first one is a rise.
    private readonly ConcurrentDictionary<string, long> _linksRefused = new(LinkReasons.Append(Busy).Select(static r => KeyValuePair.Create(r, 0L)));
    private readonly ConcurrentDictionary<string, long> _linksFailed = new(LinkReasons.Select(static r => KeyValuePair.Create(r, 0L)));
    private readonly Counter<long> _relaysRefused;
    private readonly Counter<long> _membersDown;
    private GossipNode? _gossip;
    private long _linksDialed;
    private long _linksAccepted;
    private long _relays;
    private long _relaying;
    private long _moves;
    private long _evictions;

    public ClusterMetrics(IMeterFactory meters, PeerDirectory peers)
    {
        _peers = peers;
        var meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableGauge("pico.cluster.peers", () => _peers.Count, "{node}", "Other nodes that are up.");
        _membersDown = meter.CreateCounter<long>("pico.cluster.peers.down", "{node}", "Other nodes that went down.");
        meter.CreateObservableCounter("pico.cluster.moves", () => Volatile.Read(ref _moves), "{tunnel}", "Tunnels that this node has asked agents to move to other nodes, so that the cluster evens out.");
        meter.CreateObservableCounter("pico.cluster.evictions", () => Volatile.Read(ref _evictions), "{node}", "Other nodes whose machine was silent and that this node has had evicted.");

        meter.CreateObservableGauge("pico.peer_links", () => _peers.All.Count(p => p.Link.Current is not null), "{link}", "Peer links that this node has dialled.");
        meter.CreateObservableCounter("pico.peer_links.dialed", () => Volatile.Read(ref _linksDialed), "{link}", "Peer links that this node has dialled so far.");
        meter.CreateObservableCounter("pico.peer_links.failed", () => ByReason(_linksFailed), "{try}", "Tries to dial a peer link that failed.");
        meter.CreateObservableCounter("pico.peer_links.accepted", () => Volatile.Read(ref _linksAccepted), "{link}", "Peer links that other nodes have dialled so far.");
        meter.CreateObservableCounter("pico.peer_links.refused", () => ByReason(_linksRefused), "{connection}", "Connections to the gossip port that were no peer link of a member.");

        meter.CreateObservableGauge("pico.relays", () => Volatile.Read(ref _relaying), "{stream}", "Streams that are being relayed for other nodes, idle ones included.");
        meter.CreateObservableCounter("pico.relays.opened", () => Volatile.Read(ref _relays), "{stream}", "Streams relayed for other nodes so far.");
        _relaysRefused = meter.CreateCounter<long>("pico.relays.refused", "{stream}", "Streams that other nodes asked for and did not get.");

        meter.CreateObservableCounter("pico.relay.bytes", () => Both(Traffic.Received, Traffic.Sent), "By", "Bytes that this node passed on between other nodes and services: sent to services, received from them.");

        meter.CreateObservableGauge("pico.gossip.members", MeasureMembers, "{node}", "Nodes that the gossip knows of, this one included.");
        meter.CreateObservableCounter("pico.gossip.packets", () => Both(_gossip?.Counters.PacketsReceived, _gossip?.Counters.PacketsSent), "{packet}", "Packets of gossip.");
        meter.CreateObservableCounter("pico.gossip.bytes", () => Both(_gossip?.Counters.BytesReceived, _gossip?.Counters.BytesSent), "By", "Bytes of gossip.");
        meter.CreateObservableCounter("pico.gossip.syncs", MeasureSyncs, "{sync}", "Exchanges of state over TCP.");
        meter.CreateObservableCounter("pico.gossip.suspicions", () => _gossip?.Counters.Suspicions ?? 0, "{suspicion}", "Members that were found not to answer.");
        meter.CreateObservableCounter("pico.gossip.refutations", () => _gossip?.Counters.Refutations ?? 0, "{refutation}", "How often this node had to say that it lives.");
        meter.CreateObservableCounter("pico.gossip.dropped", MeasureDropped, "{packet}", "Packets and connections of gossip that were thrown away unread.");
    }

    /// <summary>Measures the gossip from now on.</summary>
    public void Watch(GossipNode gossip) => _gossip = gossip;

    /// <summary>What relayed streams carry between services and this node.</summary>
    public StreamTraffic Traffic { get; } = new();

    /// <summary>An agent was asked to move a tunnel to another node.</summary>
    public void AskedToMove() => Interlocked.Increment(ref _moves);

    /// <summary>A node whose machine is silent was evicted.</summary>
    public void Evicted() => Interlocked.Increment(ref _evictions);

    /// <summary>A node is down.</summary>
    public void MemberDown(MemberDownReason reason) => _membersDown.Add(1, MetricLabel.Of("reason", reason));

    /// <summary>This node has dialled a link.</summary>
    public void LinkDialed() => Interlocked.Increment(ref _linksDialed);

    /// <summary>A try to dial a link failed.</summary>
    public void LinkFailed(Exception exception) => Count(_linksFailed, Reason(exception));

    /// <summary>Another node has dialled a link.</summary>
    public void LinkAccepted() => Interlocked.Increment(ref _linksAccepted);

    /// <summary>A connection to the gossip port did not become a link.</summary>
    public void LinkRefused(Exception exception) => Count(_linksRefused, Reason(exception));

    /// <summary>There are as many handshakes under way as are allowed.</summary>
    public void LinkRefusedBusy() => Count(_linksRefused, Busy);

    /// <summary>A stream is relayed; every call is paired with one of <see cref="RelayEnded"/>.</summary>
    public void RelayBegan()
    {
        Interlocked.Increment(ref _relays);
        Interlocked.Increment(ref _relaying);
    }

    /// <summary>A relayed stream is over.</summary>
    public void RelayEnded() => Interlocked.Decrement(ref _relaying);

    /// <summary>A stream could not be relayed.</summary>
    public void RelayRefused(ProxyError error) => _relaysRefused.Add(1, Label("error", ProxyErrors.Code(error)));

    private static string Reason(Exception exception) => exception switch
    {
        AuthenticationException => "certificate",
        OperationCanceledException or TimeoutException => "timeout",
        SocketException => "connection",
        _ => "handshake",
    };

    private static void Count(ConcurrentDictionary<string, long> counts, string reason) => counts.AddOrUpdate(reason, 1, static (_, count) => count + 1);

    private static IEnumerable<Measurement<long>> ByReason(ConcurrentDictionary<string, long> counts) =>
        counts.Select(static c => new Measurement<long>(c.Value, Label("reason", c.Key)));

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);

    private static IEnumerable<Measurement<long>> Both(long? received, long? sent)
    {
        yield return new Measurement<long>(received ?? 0, Label("direction", "received"));
        yield return new Measurement<long>(sent ?? 0, Label("direction", "sent"));
    }

    private IEnumerable<Measurement<long>> MeasureMembers()
    {
        var members = _gossip is { } gossip ? gossip.Members.Add(gossip.Self) : [];
        foreach (var state in Enum.GetValues<MemberState>())
            yield return new Measurement<long>(members.Count(m => m.State == state), MetricLabel.Of("state", state));
    }

    private IEnumerable<Measurement<long>> MeasureSyncs()
    {
        yield return new Measurement<long>(_gossip?.Counters.Syncs ?? 0, Label("result", "complete"));
        yield return new Measurement<long>(_gossip?.Counters.SyncsFailed ?? 0, Label("result", "failed"));
    }

    private IEnumerable<Measurement<long>> MeasureDropped()
    {
        foreach (var reason in Enum.GetValues<PacketDrop>())
            yield return new Measurement<long>(_gossip?.Counters.Dropped(reason) ?? 0, MetricLabel.Of("reason", reason));
    }
}
