using System.Text;
using Microsoft.Extensions.Logging;
using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Relaying;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Cluster.Routes;

/// <summary>
/// What other nodes have, in the route table. Called by the gossip's thread only, but for <see cref="Sort"/>. What concerns all routes of a node looks at every endpoint there is,
/// which is rare, and costs no memory for each.
/// </summary>
internal sealed partial class RemoteRoutes(RouteTable routes, TimeProvider time, ILogger<RemoteRoutes> logger)
{
    /// <summary>A node has upstreams of an endpoint, or another number of them.</summary>
    public void Set(Peer peer, ReadOnlySpan<byte> key, RouteValue route)
    {
        var isKnown = routes.TryGet(key, out var endpoint);
        var former = isKnown ? Find(endpoint!, peer) : null;
        if (former?.Protocol == route.Protocol && former.Withdrawals == route.Withdrawals)
        {
            former.Weigh(route.Count);
            return;
        }

        // One text for an endpoint, however many nodes have it.
        var id = isKnown ? endpoint!.EndpointId : Encoding.UTF8.GetString(key);
        if (!EndpointId.TryNormalize(id, out var normal))
            return;
        routes.AddRemote(new RemoteUpstream(peer, normal, route, time));
        if (former is not null)
            routes.Withdraw(former); // after that, so that there is always one; its idle streams may lead to what is gone
        if (isKnown && endpoint!.Protocol != route.Protocol)
            LogOtherProtocol(peer.Life.NodeId, id, route.Protocol, endpoint.Protocol);
    }

    /// <summary>A node has no upstream of an endpoint any more.</summary>
    public void Remove(Peer peer, ReadOnlySpan<byte> key)
    {
        if (routes.TryGet(key, out var endpoint) && Find(endpoint, peer) is { } upstream)
            routes.Withdraw(upstream);
    }

    /// <summary>A node is gone.</summary>
    public void RemoveAll(Peer peer)
    {
        foreach (var endpoint in routes.Endpoints)
        {
            if (Find(endpoint, peer) is { } upstream)
                routes.Withdraw(upstream);
        }
    }

    /// <summary>A node is nearer or farther than it was. Any thread.</summary>
    public void Sort(Peer peer)
    {
        foreach (var endpoint in routes.Endpoints)
        {
            if (Find(endpoint, peer) is not null)
                routes.Sort(endpoint);
        }
    }

    /// <summary>A node drains: what is idle there would keep it waiting.</summary>
    public void CloseIdle(Peer peer)
    {
        foreach (var endpoint in routes.Endpoints)
            Find(endpoint, peer)?.CloseIdle();
    }

    private static RemoteUpstream? Find(EndpointUpstreams endpoint, Peer peer)
    {
        foreach (var upstream in endpoint.Upstreams)
        {
            if (upstream is RemoteUpstream remote && remote.Peer == peer)
                return remote;
        }

        return null;
    }

    [LoggerMessage(2651, LogLevel.Warning, "Node {Node} has upstreams of {Endpoint} of protocol {Protocol}, others of {Other}: only those of one are used. Give the services different endpoints.")]
    private partial void LogOtherProtocol(string node, string endpoint, EndpointProtocol protocol, EndpointProtocol other);
}
