using Microsoft.Extensions.Logging;
using Pico.Gossip;
using Pico.Server.Cluster.Balancing;
using Pico.Server.Cluster.Discovery;
using Pico.Server.Hosting;

namespace Pico.Server.Cluster;

/// <summary>Makes the node ready when it has joined the cluster, or has waited long enough for that; asks for its end if the cluster holds its life to be over.</summary>
internal sealed partial class Joining(ClusterOptions options, NodeLifecycle lifecycle, Rebalancer rebalancer, NodeSeeker seeker, NodeEvictor evictor, TimeProvider time, ILogger<Joining> logger) : IDisposable
{
    private readonly CancellationTokenSource _over = new();

    /// <summary>Begins to wait.</summary>
    public void Watch(GossipNode gossip)
    {
        seeker.Start(gossip);
        evictor.Start();
        _ = WatchJoiningAsync(gossip);
        _ = WatchLifeAsync(gossip);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Cancel();
        _over.Dispose();
    }

    private async Task WatchJoiningAsync(GossipNode gossip)
    {
        try
        {
            await gossip.Joined.WaitAsync(options.JoinTimeout, time, _over.Token);
            LogJoined(gossip.Members.Count(m => m.IsUp));
        }
        catch (TimeoutException)
        {
            LogAlone(string.Join(", ", options.Join.Concat(options.Discovery is null ? [] : ["the Kubernetes API"])), options.JoinTimeout.TotalSeconds);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lifecycle.EndJoining();
        rebalancer.Start();
    }

    // It hears and tells nothing any more. Started anew it is another life.
    private async Task WatchLifeAsync(GossipNode gossip)
    {
        try
        {
            LogExpelled(await gossip.Expelled.WaitAsync(_over.Token));
            lifecycle.RequestDrain();
        }
        catch (OperationCanceledException)
        {
            // The node ends by itself.
        }
    }

    [LoggerMessage(2691, LogLevel.Information, "Joined the cluster: {Nodes} other nodes are up.")]
    private partial void LogJoined(int nodes);

    [LoggerMessage(2692, LogLevel.Warning, "No other node was found at {Targets} within {Seconds:0.#} s: this one serves alone, and goes on looking.")]
    private partial void LogAlone(string targets, double seconds);

    [LoggerMessage(2693, LogLevel.Error, "The cluster holds this node's life to be over ({Reason}): it drains and ends.")]
    private partial void LogExpelled(MemberDownReason reason);
}
