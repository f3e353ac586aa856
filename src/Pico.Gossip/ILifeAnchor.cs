namespace Pico.Gossip;

/// <summary>
/// Somebody outside of the gossip who knows which lives there are, such as the Kubernetes API. Asked before a life comes up; what it learns later it tells by
/// <see cref="GossipNode.DeclareDead"/>.
/// </summary>
public interface ILifeAnchor
{
    /// <summary>
    /// What the anchor knows of a life. Called on the gossip's thread, under its lock: it answers at once, from memory, and calls nothing of the <see cref="GossipNode"/>.
    /// </summary>
    LifeStanding Judge(NodeLife life);
}

/// <summary>An anchor's word about a life.</summary>
public enum LifeStanding
{
    /// <summary>The anchor doesn't know this life, or not yet: the gossip decides alone.</summary>
    Unknown,

    /// <summary>The life goes on, as far as the anchor knows; whether the node answers is for the gossip to find out.</summary>
    Current,

    /// <summary>The life is over: it doesn't come up, and the cluster is told.</summary>
    Over,
}
