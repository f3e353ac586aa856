using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Logging;
using Pico.Gossip;
using Pico.Server.Cluster.Members;
using Pico.Server.Hosting;

namespace Pico.Server.Cluster.Discovery;

/// <summary>
/// Has nodes evicted whose machine is dead, seconds after the gossip knows, and long before who watches over machines does: until then load balancers go on sending them clients.
/// A node that failed is evicted only if (1) its place is still there, and has no other life; (2) its machine is silent: what crashed, hangs or merely is slow is whoever watches over its machine's;
/// (3) more than half of the machines of all nodes answer at that moment, so that a part which is cut off never evicts the rest, whatever it still believes of it.
/// How many at a time is for who is asked to bound.
/// </summary>
internal sealed partial class NodeEvictor(
    ClusterOptions options, NodeIdentity node, DiscoveredNodes nodes, PeerDirectory peers, ClusterMetrics metrics, TimeProvider time, ILogger<NodeEvictor> logger) : IDisposable
{
    /// <summary>So many nodes ask, the first by their IDs, one after the other: that is enough, should some of them die too.</summary>
    internal const int MaxAskers = 3;

    /// <summary>How much later than the one before each of them begins.</summary>
    internal static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    /// <summary>After that it is left to who watches over machines.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Who is asked for an eviction has so long for an answer.</summary>
    private static readonly TimeSpan TimeToAsk = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Peer> _places = new(StringComparer.Ordinal); // that are looked after

    /// <summary>Begins to look after nodes that fail, if there is somebody who evicts.</summary>
    public void Start()
    {
        if (options.Discovery is not { Evicts: true } discovery)
            return;
        var stop = _stop.Token;
        peers.Went += (peer, reason) =>
        {
            if (reason == MemberDownReason.Failed && peer.Facts is { Place.Length: > 0 } facts)
                _ = LookAfterAsync(discovery, peer, facts.Place, stop);
        };
    }

    /// <summary>True while it is to be seen what becomes of a place whose node failed.</summary>
    internal bool IsLookingAfter(string place) => _places.ContainsKey(place);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task LookAfterAsync(INodeDiscovery discovery, Peer peer, string place, CancellationToken stop)
    {
        if (!_places.TryAdd(place, peer))
            return;
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
            await Task.Delay(Math.Min(Before(), MaxAskers) * Turn, time, either.Token);
            for (var pause = FirstPause; !await IsSettledAsync(discovery, peer, place, either.Token); pause = pause < LongestPause ? 2 * pause : pause)
                await Task.Delay(pause * (0.5 + (Random.Shared.NextDouble() / 2)), time, either.Token);
        }
        catch (OperationCanceledException)
        {
            // This node ends, or the other has been left to others.
        }
        finally
        {
            _places.TryRemove(place, out _);
        }
    }

    /// <summary>Does what can be done for the place now. True if nothing is left to do.</summary>
    internal async Task<bool> IsSettledAsync(INodeDiscovery discovery, Peer peer, string place, CancellationToken stop)
    {
        if (!IsMissing(peer, place, out var missing)) // 1
            return true;
        if (Before() >= MaxAskers || !await IsSilentAsync(peer.Member.Address, missing, stop) || !await IsMajorityAsync(stop)) // 2, 3
            return false;
        if (!IsMissing(peer, place, out missing))
            return true;

        using var deadline = new CancellationTokenSource(TimeToAsk, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
        try
        {
            if (!await discovery.EvictAsync(missing, either.Token))
            {
                LogNotNow(missing.NodeId, missing.Instance);
                return false;
            }

            metrics.Evicted();
            LogEvicted(missing.NodeId, missing.Instance, peer.Member.Address);
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            LogNotEvicted(missing.NodeId, missing.Instance, deadline.IsCancellationRequested ? $"no answer within {TimeToAsk.TotalSeconds:0} s" : exception.Message);
            return false;
        }
    }

    /// <summary>How many ask before this node does.</summary>
    private int Before() => peers.All.Count(p => p.IsUsable && string.CompareOrdinal(p.Life.NodeId, node.Id) < 0);

    private bool IsMissing(Peer peer, string place, [NotNullWhen(true)] out DiscoveredNode? missing) =>
        nodes.TryGet(place, out missing) && !missing.IsLeaving && !peers.All.Any(p => p.Life == peer.Life || p.Facts?.Place == place);

    // The place may have got another address since the node was heard of.
    private async Task<bool> IsSilentAsync(IPEndPoint address, DiscoveredNode missing, CancellationToken stop)
    {
        var addresses = missing.Addresses.Select(a => new IPEndPoint(a, address.Port)).Append(address).Distinct();
        return (await AskAsync(addresses, stop)).All(static s => s == MachineState.Silent);
    }

    // Places that have no address yet are no part that could have been cut off.
    private async Task<bool> IsMajorityAsync(CancellationToken stop)
    {
        var places = nodes.Staying.Where(static n => n.Addresses.Count > 0).Select(static n => n.Instance).ToHashSet(StringComparer.Ordinal);
        var others = peers.All.Where(p => p.IsUsable && places.Contains(p.Facts!.Place)).DistinctBy(static p => p.Facts!.Place).Select(static p => p.Member.Address);
        var answer = (await AskAsync(others, stop)).Count(static s => s == MachineState.Answers) + (places.Contains(node.Place) ? 1 : 0);
        return 2 * answer > places.Count;
    }

    private Task<MachineState[]> AskAsync(IEnumerable<IPEndPoint> addresses, CancellationToken stop) =>
        Task.WhenAll(addresses.Select(address => MachineProbe.AskAsync(address, time, stop)));

    [LoggerMessage(2618, LogLevel.Warning, "Node {Node} ({Instance}) was evicted: the others do not reach it, and its machine does not answer at {Address}.")]
    private partial void LogEvicted(string node, string instance, IPEndPoint address);

    [LoggerMessage(2619, LogLevel.Information, "Node {Node} ({Instance}), whose machine does not answer, is not let go now, as when too many others are out of service, or is gone already; it is looked after on.")]
    private partial void LogNotNow(string node, string instance);

    [LoggerMessage(2620, LogLevel.Warning, "Node {Node} ({Instance}), whose machine does not answer, cannot be evicted, it is tried again: {Reason}")]
    private partial void LogNotEvicted(string node, string instance, string reason);
}
