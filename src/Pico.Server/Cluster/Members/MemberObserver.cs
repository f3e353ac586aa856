using Microsoft.Extensions.Logging;
using Pico.Gossip;
using Pico.Server.Cluster.Links;
using Pico.Server.Cluster.Routes;

namespace Pico.Server.Cluster.Members;

/// <summary>Makes of what the gossip tells: peers, and routes to what they have. Called by one thread at a time.</summary>
internal sealed partial class MemberObserver(
    PeerDirectory peers, RemoteRoutes routes, LinkDialer dialer, LinkAcceptor acceptor, ClusterMetrics metrics, TimeProvider time, ILoggerFactory loggers) : IGossipObserver
{
    private readonly ILogger _logger = loggers.CreateLogger<MemberObserver>();

    /// <summary>What is known of lives outside of the gossip.</summary>
    public ILifeAnchor Anchor => peers.Anchor;

    /// <inheritdoc/>
    public void OnMemberUp(Member member) => peers.Add(new Peer(member) { Link = MakeLink(member) });

    /// <inheritdoc/>
    public void OnMemberDown(Member member, MemberDownReason reason)
    {
        if (!peers.TryGet(member.Life, out var peer))
            return;

        peer.Go();
        peers.Remove(peer, reason);
        routes.RemoveAll(peer);
        acceptor.Leave(peer);
        metrics.MemberDown(reason);
    }

    /// <inheritdoc/>
    public void OnValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!peers.TryGet(member.Life, out var peer))
            return;

        if (key.SequenceEqual(".node"u8))
            Learn(peer, value);
        else if (key.SequenceEqual(".load"u8))
            peer.Load = NodeLoad.Decode(value);
        else if (RouteValue.TryDecode(value, out var route))
            routes.Set(peer, key, route);
    }

    /// <inheritdoc/>
    public void OnValueRemoved(Member member, ReadOnlySpan<byte> key)
    {
        if (peers.TryGet(member.Life, out var peer))
            routes.Remove(peer, key);
    }

    private void Learn(Peer peer, ReadOnlySpan<byte> value)
    {
        if (NodeFacts.Decode(value) is not { } facts)
        {
            LogNotUnderstood(peer.Life.NodeId);
            return;
        }

        var drained = facts.Draining && !peer.IsDraining;
        if (peers.Learn(peer, facts))
            routes.Sort(peer);
        if (!drained)
            return;
        LogDrains(peer.Life.NodeId);
        routes.CloseIdle(peer);
    }

    private PeerLink MakeLink(Member member) => new(
        member.Life.NodeId,
        (handler, stop) => peers.TryGet(member.Life, out var peer) && peer.Facts is { } facts
            ? dialer.DialAsync(member.Life.NodeId, member.Address, facts.Certificate, handler, stop)
            : throw new IOException("nothing is known of it"),
        metrics,
        time,
        loggers.CreateLogger<PeerLink>());

    [LoggerMessage(2641, LogLevel.Information, "Node {Node} drains.")]
    private partial void LogDrains(string node);

    [LoggerMessage(2642, LogLevel.Warning, "What node {Node} says of itself is not understood; it gets nothing to do.")]
    private partial void LogNotUnderstood(string node);
}
