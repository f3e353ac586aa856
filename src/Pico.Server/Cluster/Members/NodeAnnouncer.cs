using Pico.Gossip;
using Pico.Server.Cluster.Links;
using Pico.Server.Cluster.Routes;
using Pico.Server.Hosting;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Cluster.Members;

/// <summary>Tells the other nodes what this one is (<see cref="NodeFacts"/>), what it has (<see cref="RoutePublisher"/>), and how busy it is (<see cref="NodeLoad"/>).</summary>
internal sealed class NodeAnnouncer(
    NodeIdentity node, LinkIdentity identity, NodeLifecycle lifecycle, Listeners listeners, TunnelSet tunnels, RoutePublisher routes, TimeProvider time) : IDisposable
{
    /// <summary>How often a changed load is told at the most: two thousand tunnels that come back at once are a few messages.</summary>
    private static readonly TimeSpan LoadInterval = TimeSpan.FromSeconds(1);

    private GossipNode? _gossip;
    private ITimer? _timer;

    /// <summary>Begins to tell.</summary>
    public void Start(GossipNode gossip)
    {
        _gossip = gossip;
        Announce();
        routes.Start(gossip);
        _timer = time.CreateTimer(static state => ((NodeAnnouncer)state!).AnnounceLoad(), this, TimeSpan.Zero, LoadInterval);
    }

    /// <summary>Tells the facts as they are now.</summary>
    public void Announce() => _gossip?.Set(
        NodeFacts.Key,
        new NodeFacts(
            identity.Fingerprint, node.Software, node.Zone, lifecycle.IsDraining, listeners.AddressOf(ServerPort.Proxy).ToString(), lifecycle.StartedAt, node.Place).Encode());

    /// <summary>Tells nothing more. Idempotent.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
        routes.Stop();
    }

    // The same value again says nothing.
    private void AnnounceLoad() => _gossip?.Set(NodeLoad.Key, new NodeLoad(tunnels.All.Count(static t => t.IsInUse)).Encode());
}
