using Pico.Gossip;
using Pico.Server.Cluster.Links;
using Pico.Server.Upstreams;

namespace Pico.Server.Cluster.Members;

/// <summary>One life of another node, from the moment that it is up until it is down. Changed by the gossip's thread, read by anyone.</summary>
internal sealed class Peer(Member member)
{
    private const int Unknown = -1;

    private volatile NodeFacts? _facts;
    private volatile Proximity _proximity = Proximity.Elsewhere;
    private volatile bool _gone;
    private volatile int _tunnels = Unknown;

    /// <summary>The life.</summary>
    public NodeLife Life => Member.Life;

    /// <summary>What the gossip knows of it.</summary>
    public Member Member { get; } = member;

    /// <summary>What it says of itself; null until that was heard, and until then it cannot be used.</summary>
    public NodeFacts? Facts => _facts;

    /// <summary>How busy it says it is; null until that was heard.</summary>
    public NodeLoad? Load
    {
        get => _tunnels is >= 0 and var tunnels ? new NodeLoad(tunnels) : null;
        internal set => _tunnels = value?.Tunnels ?? Unknown;
    }

    /// <summary>The link by which streams are opened there.</summary>
    public required PeerLink Link { get; init; }

    /// <summary>How far it is.</summary>
    public Proximity Proximity => _proximity;

    /// <summary>True once the life is down.</summary>
    public bool IsGone => _gone;

    /// <summary>True while streams may be opened there.</summary>
    public bool IsUsable => !_gone && _facts is not null;

    /// <summary>True if it is about to leave: it is used for what nobody else has.</summary>
    public bool IsDraining => _facts?.Draining ?? false;

    /// <summary>It said something of itself. True if that changes how far it is.</summary>
    internal bool Learn(NodeFacts facts, string ownZone)
    {
        _facts = facts;
        var proximity = facts.Zone == ownZone ? Proximity.Zone : Proximity.Elsewhere;
        if (proximity == _proximity)
            return false;
        _proximity = proximity;
        return true;
    }

    /// <summary>The life is down.</summary>
    internal void Go()
    {
        _gone = true;
        Link.Leave();
    }
}
