using System.Net;
using Pico.Gossip;
using Pico.Server.Cluster.Members;

namespace Pico.Server.Cluster;

/// <summary>This node's part in a cluster, as the rest of the server sees it: <see cref="ClusterNode"/>, or <see cref="LoneNode"/> without one.</summary>
internal interface ICluster : IAsyncDisposable
{
    /// <summary>Where the gossip port listens; null without a cluster.</summary>
    IPEndPoint? Address { get; }

    /// <summary>The gossip; null without a cluster, and before it has started.</summary>
    GossipNode? Gossip { get; }

    /// <summary>The other nodes that are known, those that failed lately included.</summary>
    IEnumerable<NodeView> Others { get; }

    /// <summary>
    /// Opens the gossip port and begins to join; the node is ready when it has joined or given up to wait for that. The other ports are open by now. Throws
    /// <see cref="Hosting.ServerStartException"/> if the port cannot be had or a key cannot be read.
    /// </summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Asks another node what it knows (<see cref="Asking.PeerQuestion"/>). Throws <see cref="Asking.QuestionException"/> if it is unknown, cannot be reached or gives no answer.
    /// </summary>
    Task<Asking.PeerAnswer> AskAsync(string nodeId, string question, CancellationToken cancellationToken);

    /// <summary>The others are told to use this node for what nobody else has only.</summary>
    void BeginDraining();

    /// <summary>Completes when agents that were told to go have registered elsewhere, or have had time enough for it; at once if there is no elsewhere.</summary>
    Task WhenReplacedAsync(CancellationToken patience);

    /// <summary>The last thing: tells the others that this node is gone, and closes the links.</summary>
    Task LeaveAsync(CancellationToken patience);
}
