namespace Pico.Gossip;

/// <summary>
/// One run of a node. A node that restarts keeps its ID and has a later start, so its earlier lives are over for good: a life that is over never comes back.
/// </summary>
/// <param name="NodeId">The node's name, unique in the cluster: 1 to <see cref="MaxNodeIdBytes"/> bytes of UTF-8. In Kubernetes the pod's name.</param>
/// <param name="Start">When the run began, in milliseconds since 1970 (UTC). Of two lives of one node the one with the later start counts.</param>
public readonly record struct NodeLife(string NodeId, long Start)
{
    /// <summary>What a node ID may have, in bytes of UTF-8.</summary>
    public const int MaxNodeIdBytes = 128;

    /// <inheritdoc/>
    public override string ToString() => $"{NodeId}@{Start}";
}
