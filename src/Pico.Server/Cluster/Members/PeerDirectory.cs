using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Pico.Gossip;
using Pico.Server.Cluster.Discovery;
using Pico.Server.Hosting;

namespace Pico.Server.Cluster.Members;

/// <summary>The other nodes that are up. Changed by the gossip's thread, read by anyone.</summary>
internal sealed class PeerDirectory(NodeIdentity node, LifeRegistry lives)
{
    private readonly ConcurrentDictionary<NodeLife, Peer> _peers = new();
    private readonly Lock _locating = new(); // a peer's facts and this node's zone are compared at one moment

    /// <summary>A node is up.</summary>
    public event Action<Peer>? Came;

    /// <summary>A node says that it drains.</summary>
    public event Action<Peer>? Drains;

    /// <summary>A node is down.</summary>
    public event Action<Peer, MemberDownReason>? Went;

    /// <summary>Those that are up at this moment.</summary>
    public IEnumerable<Peer> All
    {
        get
        {
            foreach (var (_, peer) in _peers)
                yield return peer;
        }
    }

    /// <summary>How many are up.</summary>
    public int Count => _peers.Count;

    /// <summary>Finds a life that is up.</summary>
    public bool TryGet(NodeLife life, [NotNullWhen(true)] out Peer? peer) => _peers.TryGetValue(life, out peer);

    /// <summary>Finds who is known by a certificate; null if nobody is. Asked once for each handshake.</summary>
    public Peer? Find(string fingerprint)
    {
        foreach (var (_, peer) in _peers)
        {
            if (peer.Facts?.Certificate == fingerprint)
                return peer;
        }

        return null;
    }

    /// <summary>What is known of lives outside of the gossip.</summary>
    public ILifeAnchor Anchor => lives;

    /// <summary>A node said something of itself. True if that changes how far it is.</summary>
    internal bool Learn(Peer peer, NodeFacts facts)
    {
        lives.Learn(peer.Life, facts.Place);
        var drained = facts.Draining && !peer.IsDraining;
        bool changed;
        lock (_locating)
            changed = peer.Learn(facts, node.Zone);
        if (drained)
            Drains?.Invoke(peer);
        return changed;
    }

    /// <summary>This node has another zone than before. True if that changes how far <paramref name="peer"/> is. Any thread.</summary>
    internal bool Relocate(Peer peer)
    {
        lock (_locating)
            return peer.Facts is { } facts && peer.Learn(facts, node.Zone);
    }

    /// <summary>Adds a life that came up.</summary>
    internal void Add(Peer peer)
    {
        _peers[peer.Life] = peer;
        Came?.Invoke(peer);
    }

    /// <summary>Removes a life that is down.</summary>
    internal void Remove(Peer peer, MemberDownReason reason)
    {
        _peers.TryRemove(new(peer.Life, peer));
        Went?.Invoke(peer, reason);
    }

    /// <summary>Finds a node by its ID: of several lives the latest. Null if none is up.</summary>
    public Peer? FindNode(string nodeId)
    {
        Peer? found = null;
        foreach (var (life, peer) in _peers)
        {
            if (life.NodeId == nodeId && (found is null || life.Start > found.Life.Start))
                found = peer;
        }

        return found;
    }
}
