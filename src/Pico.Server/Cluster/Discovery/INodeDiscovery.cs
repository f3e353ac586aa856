using System.Net;

namespace Pico.Server.Cluster.Discovery;

/// <summary>
/// Somebody outside of the cluster's gossip who knows its nodes, such as the Kubernetes API. It may be away at any time, for ever: then it tells nothing, and what it told stands.
/// </summary>
public interface INodeDiscovery
{
    /// <summary>What this node's place is called there (<see cref="DiscoveredNode.Instance"/>); empty if that is not known.</summary>
    string Instance { get; }

    /// <summary>True if <see cref="EvictAsync"/> may be asked.</summary>
    bool Evicts { get; }

    /// <summary>
    /// Asks that a place whose machine is silent be taken out of service at once, and another node be started instead; if it lives after all, it is told to end, and drains. True: this call has done it.
    /// False: it is not let go now, since too many others are out of service, or it is gone; a later try may succeed. Throws an <see cref="Exception"/> with what kept it from being asked.
    /// </summary>
    Task<bool> EvictAsync(DiscoveredNode node, CancellationToken cancellationToken);

    /// <summary>Tells <paramref name="observer"/> of the nodes, one call at a time, until <paramref name="stop"/>; troubles never end it.</summary>
    Task RunAsync(INodeObserver observer, CancellationToken stop);
}

/// <summary>Hears of the cluster's nodes.</summary>
public interface INodeObserver
{
    /// <summary>A node is new, or something of it has changed.</summary>
    void OnNode(DiscoveredNode node);

    /// <summary>A node's place is gone for good, and whatever ran there. Never said of one that is merely out of sight.</summary>
    void OnGone(DiscoveredNode node);
}

/// <summary>A node as somebody outside knows it.</summary>
/// <param name="NodeId">Its ID.</param>
/// <param name="Instance">Its place, unique for all time: in Kubernetes the pod's UID. Several lives may follow each other in one place, none outlives it.</param>
/// <param name="Addresses">Where it is reached; empty if that is not known yet.</param>
/// <param name="Zone">Its availability zone; empty if that is not known.</param>
/// <param name="IsLeaving">It is about to end.</param>
public sealed record DiscoveredNode(string NodeId, string Instance, IReadOnlyList<IPAddress> Addresses, string Zone, bool IsLeaving);
