using System.Net;
using Pico.Gossip;
using Pico.Server.Cluster.Asking;
using Pico.Server.Cluster.Members;
using Pico.Server.Hosting;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Cluster;

/// <summary>No cluster: no port, nobody to tell anything.</summary>
internal sealed class LoneNode(NodeLifecycle lifecycle) : ICluster, ITunnelPlacement
{
    /// <inheritdoc/>
    public IPEndPoint? Address => null;

    /// <inheritdoc/>
    public IEnumerable<NodeView> Others => [];

    /// <inheritdoc/>
    public GossipNode? Gossip => null;

    /// <inheritdoc/>
    public bool HasRoom => true;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifecycle.EndJoining();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<PeerAnswer> AskAsync(string nodeId, string question, CancellationToken cancellationToken) =>
        Task.FromException<PeerAnswer>(QuestionException.Unknown(nodeId));

    /// <inheritdoc/>
    public void BeginDraining()
    {
        // Nobody else.
    }

    /// <inheritdoc/>
    public Task WhenReplacedAsync(CancellationToken patience) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task LeaveAsync(CancellationToken patience) => Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
