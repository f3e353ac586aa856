namespace Pico.Gossip.Core;

/// <summary>What the core needs to know, in milliseconds.</summary>
internal sealed record CoreOptions
{
    public int ProbeInterval { get; init; } = 500;

    public int SuspicionTimeout { get; init; } = 2000;

    public int GossipInterval { get; init; } = 100;

    public int RejoinInterval { get; init; } = 5000;

    public long TombstoneRetention { get; init; } = 10 * 60 * 1000;

    /// <summary>Whether there is anybody to join: else the node has joined at once.</summary>
    public bool HasJoinTargets { get; init; }

    public ILifeAnchor? Anchor { get; init; }

    public static CoreOptions From(GossipOptions options) => new()
    {
        ProbeInterval = (int)options.ProbeInterval.TotalMilliseconds,
        SuspicionTimeout = (int)options.SuspicionTimeout.TotalMilliseconds,
        GossipInterval = (int)options.GossipInterval.TotalMilliseconds,
        RejoinInterval = (int)options.RejoinInterval.TotalMilliseconds,
        TombstoneRetention = (long)options.TombstoneRetention.TotalMilliseconds,
        HasJoinTargets = options.ExpectsOthers || options.Join.Count > 0,
        Anchor = options.Anchor,
    };
}
