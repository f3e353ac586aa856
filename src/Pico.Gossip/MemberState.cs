namespace Pico.Gossip;

/// <summary>What this node believes of a member.</summary>
public enum MemberState
{
    /// <summary>It answers.</summary>
    Alive,

    /// <summary>It did not answer somebody, and has some seconds to say that it lives. Until then it counts as up.</summary>
    Suspect,

    /// <summary>It said that it leaves. Final for this life.</summary>
    Left,

    /// <summary>It failed, was declared dead, or a newer life took its place. A life that only failed to answer can come back (a healed partition); the others cannot.</summary>
    Dead,
}
