using Pico.Gossip;

namespace Pico.Server.Cluster.Members;

/// <summary>Another node as this one sees it, for status.</summary>
/// <param name="Member">What the gossip knows of it.</param>
/// <param name="Peer">What it is used by; null if it is down.</param>
internal readonly record struct NodeView(Member Member, Peer? Peer)
{
    // Not endpoints, but what the node says of itself.
    private const int OwnKeys = 2;

    /// <summary>How many endpoints it has.</summary>
    public int Endpoints => Peer is null ? 0 : Math.Max(0, Member.Count - OwnKeys);

    /// <summary><c>ready</c>, <c>draining</c>, <c>suspect</c> (it did not answer lately), <c>left</c> or <c>failed</c>.</summary>
    public string State => Member.State switch
    {
        MemberState.Suspect => "suspect",
        MemberState.Left => "left",
        MemberState.Dead => "failed",
        _ => Peer is null || !Peer.IsDraining ? "ready" : "draining",
    };

    /// <summary><c>up</c>, <c>down</c> (no connection could be made, or the last is lost), or <c>none</c> while none was needed.</summary>
    public string Link => Peer is null || Peer.Link.IsDown ? "down" : Peer.Link.Current is null ? "none" : "up";
}
