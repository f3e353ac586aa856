using Microsoft.Extensions.Logging;
using Pico.Gossip;
using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Routes;
using Pico.Server.Hosting;

namespace Pico.Server.Cluster.Discovery;

/// <summary>
/// Makes of what is known of nodes outside of the gossip (<see cref="ClusterOptions.Discovery"/>): (1) addresses to join, beside those of <see cref="ClusterOptions.Join"/>; (2) the end of lives whose
/// place is gone; (3) this node's zone, unless <see cref="ClusterOptions.Zone"/> says it.
/// </summary>
internal sealed partial class NodeSeeker(
    ClusterOptions options, NodeIdentity node, DiscoveredNodes nodes, LifeRegistry lives, PeerDirectory peers, NodeAnnouncer announcer, RemoteRoutes routes, ILogger<NodeSeeker> logger)
    : INodeObserver, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private IReadOnlyList<string> _targets = options.Join;
    private GossipNode? _gossip;

    /// <summary>Begins to look, if there is somebody to ask.</summary>
    public void Start(GossipNode gossip)
    {
        if (options.Discovery is not { } discovery)
            return;
        _gossip = gossip;
        lives.Over = gossip.DeclareDead;
        if (discovery.Instance.Length == 0)
            LogNoInstance();
        _ = RunAsync(discovery);
    }

    /// <inheritdoc/>
    public void OnNode(DiscoveredNode node)
    {
        nodes.Set(node);
        lives.Begin(node.Instance);
        Join(); // 1
        if (node.Zone.Length > 0 && IsThisNode(node))
            LearnZone(node.Zone); // 3
    }

    /// <inheritdoc/>
    public void OnGone(DiscoveredNode node)
    {
        nodes.Remove(node.Instance);
        LogGone(node.NodeId, node.Instance);
        lives.End(node.Instance); // 2
        Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task RunAsync(INodeDiscovery discovery)
    {
        try
        {
            await discovery.RunAsync(this, _stop.Token);
        }
        catch (Exception exception)
        {
            LogFailed(exception);
        }
    }

    private bool IsThisNode(DiscoveredNode other) =>
        options.Discovery!.Instance is { Length: > 0 } own ? other.Instance == own : other.NodeId == node.Id;

    private void Join()
    {
        var found = nodes.Staying.SelectMany(n => n.Addresses).Select(a => a.ToString()).Distinct().Order(StringComparer.Ordinal);
        string[] targets = [.. options.Join, .. found];
        if (targets.SequenceEqual(_targets))
            return;
        _targets = targets;
        _gossip!.SetJoinTargets(targets);
    }

    private void LearnZone(string zone)
    {
        if (options.Zone.Length > 0 || node.Zone == zone)
            return;
        node.LearnZone(zone);
        LogZone(zone);
        announcer.Announce();
        foreach (var peer in peers.All)
        {
            if (peers.Relocate(peer))
                routes.Sort(peer);
        }
    }

    [LoggerMessage(2617, LogLevel.Warning, "The UID of this node's pod is not known (cluster.kubernetes.pod-uid): others notice the pod's deletion only by its silence.")]
    private partial void LogNoInstance();

    [LoggerMessage(2614, LogLevel.Information, "The pod of node {Node} ({Instance}) is gone: so is the node.")]
    private partial void LogGone(string node, string instance);

    [LoggerMessage(2615, LogLevel.Information, "This node is in the zone {Zone}.")]
    private partial void LogZone(string zone);

    [LoggerMessage(2616, LogLevel.Error, "Looking for other nodes outside of the gossip has ended.")]
    private partial void LogFailed(Exception exception);
}
