using System.Net;
using Pico.Gossip;
using Pico.Server.Cluster.Asking;
using Pico.Server.Cluster.Links;
using Pico.Server.Cluster.Members;
using Pico.Server.Upstreams;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Cluster;

/// <summary>
/// This node as a member of a cluster:
/// <code>
///   gossip ─▶ MemberObserver ─▶ PeerDirectory, RemoteRoutes ─▶ RouteTable ─▶ RemoteUpstream ─▶ PeerLink ══▶ other node
///          ◀─ NodeAnnouncer, RoutePublisher ◀─ tunnels of agents                   StreamRelay ◀─ LinkAcceptor ◀══ other node
/// </code>
/// </summary>
internal sealed class ClusterNode(
    GossipStarter starter, Joining joining, NodeAnnouncer announcer, PeerLinks links, PeerDirectory peers, RouteTable routes, TimeProvider time) : ICluster
{
    private GossipNode? _gossip;

    /// <inheritdoc/>
    public IPEndPoint? Address { get; private set; }

    /// <inheritdoc/>
    public GossipNode? Gossip => _gossip;

    /// <inheritdoc/>
    public IEnumerable<NodeView> Others => (_gossip?.Members ?? []).Select(m => new NodeView(m, peers.TryGet(m.Life, out var peer) ? peer : null));

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        (_gossip, Address) = await starter.StartAsync(cancellationToken);
        announcer.Start(_gossip);
        joining.Watch(_gossip);
    }

    /// <inheritdoc/>
    public Task<PeerAnswer> AskAsync(string nodeId, string question, CancellationToken cancellationToken) =>
        peers.FindNode(nodeId) is { } peer ? PeerQuestion.AskAsync(peer, question, time, cancellationToken) : Task.FromException<PeerAnswer>(QuestionException.Unknown(nodeId));

    /// <inheritdoc/>
    public void BeginDraining() => announcer.Announce();

    /// <inheritdoc/>
    public async Task WhenReplacedAsync(CancellationToken patience)
    {
        if (peers.Count == 0)
            return;
        try
        {
            await routes.WhenNoneHereAsync(patience).WaitAsync(TokenExpiry.TimeToReplace, time, patience);
        }
        catch (TimeoutException)
        {
            // Agents that find no other node have had their time.
        }
    }

    /// <inheritdoc/>
    public async Task LeaveAsync(CancellationToken patience)
    {
        announcer.Dispose();
        if (_gossip is not null)
            await _gossip.LeaveAsync(patience);
        await links.CloseAsync(patience);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        announcer.Dispose();
        if (_gossip is not null)
            await _gossip.DisposeAsync();
    }
}
