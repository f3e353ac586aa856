namespace Pico.Gossip;

/// <summary>Why a member is down.</summary>
public enum MemberDownReason
{
    /// <summary>It said that it leaves. Final.</summary>
    Left,

    /// <summary>It did not answer, and nobody could reach it for it. It comes up again if it turns out to live: then it was cut off.</summary>
    Failed,

    /// <summary>A newer life of the same node is up. Final.</summary>
    Replaced,

    /// <summary>Somebody who knows declared it dead (<see cref="GossipNode.DeclareDead"/>, <see cref="ILifeAnchor"/>). Final.</summary>
    Declared,
}
