using Microsoft.Extensions.DependencyInjection;
using Pico.Gossip;
using Pico.Server.Cluster.Members;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Upstreams;
using Pico.Server.Upstreams.Tunnels;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Admin.Events;

/// <summary>Puts what the other rooms tell into the <see cref="EventLog"/>. They know nothing of it.</summary>
internal sealed class EventSources(EventLog log)
{
    /// <summary>Begins to listen, once, before the server starts.</summary>
    public void Listen(IServiceProvider services)
    {
        Listen(services.GetRequiredService<TunnelSet>());
        Listen(services.GetRequiredService<RouteTable>());
        Listen(services.GetRequiredService<UpstreamConnector>());
        if (services.GetService<PeerDirectory>() is { } peers)
            Listen(peers);

        services.GetRequiredService<TunnelAdmission>().Refused += (who, why) => log.Add(EventKind.AgentRefused, EventLevel.Warning, who, why);
        services.GetRequiredService<LimitMetrics>().Reached += (limit, who, hits) => log.Add(
            EventKind.LimitReached, EventLevel.Warning, LimitNames.Of(limit), $"{LimitNames.Of(limit)} was reached by {who}; {hits} refusals so far.");
        var node = services.GetRequiredService<NodeIdentity>();
        services.GetRequiredService<NodeLifecycle>().DrainBegan += () => log.Add(EventKind.NodeDraining, EventLevel.Warning, node.Id, "This node drains.");
    }

    private void Listen(TunnelSet tunnels)
    {
        tunnels.Added += tunnel =>
        {
            var agent = tunnel.Connection.Remote;
            log.Add(EventKind.AgentConnected, EventLevel.Info, agent.Name, $"Agent {agent.Name} ({agent.Id}) connected from {tunnel.Connection.RemoteAddress}.");
        };
        tunnels.Removed += tunnel =>
        {
            var (agent, connection) = (tunnel.Connection.Remote, tunnel.Connection);
            var end = connection.Completion.IsCompletedSuccessfully ? connection.Completion.Result : null;
            var isLost = end is null || end.Error is TunnelError.TransportLost or TunnelError.PingTimeout or TunnelError.ProtocolError or TunnelError.Flood or TunnelError.Internal;
            log.Add(
                isLost ? EventKind.AgentLost : EventKind.AgentLeft,
                isLost ? EventLevel.Warning : EventLevel.Info,
                agent.Name,
                $"The tunnel of agent {agent.Name} ({agent.Id}) from {connection.RemoteAddress} ended: {end?.Error}. {end?.Message}");
        };
    }

    private void Listen(RouteTable routes)
    {
        routes.Appeared += endpoint => log.Add(EventKind.EndpointAppeared, EventLevel.Info, endpoint.EndpointId, $"The endpoint {endpoint.EndpointId} has its first upstream.");
        routes.Disappeared += endpoint => log.Add(
            EventKind.EndpointDisappeared, EventLevel.Warning, endpoint.EndpointId, $"The endpoint {endpoint.EndpointId} has lost its last upstream: requests to it get 502.");
    }

    private void Listen(UpstreamConnector connector)
    {
        connector.Ejected += (upstream, error) => log.Add(
            EventKind.UpstreamEjected, EventLevel.Error, upstream.EndpointId, $"The upstream of {upstream.EndpointId} at {upstream.Description} is left out for now: {Words(error)}.");
        connector.Recovered += upstream => log.Add(
            EventKind.UpstreamRecovered, EventLevel.Info, upstream.EndpointId, $"The upstream of {upstream.EndpointId} at {upstream.Description} works again.");
    }

    // ServiceUnreachable → service unreachable
    private static string Words(StreamError error) => string.Concat($"{error}".Select((c, i) => i > 0 && char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private void Listen(PeerDirectory peers)
    {
        peers.Came += peer => log.Add(EventKind.NodeJoined, EventLevel.Info, peer.Life.NodeId, $"Node {peer.Life.NodeId} at {peer.Member.Address} has joined.");
        peers.Drains += peer => log.Add(EventKind.NodeDraining, EventLevel.Warning, peer.Life.NodeId, $"Node {peer.Life.NodeId} drains.");
        peers.Went += (peer, reason) =>
        {
            if (reason is MemberDownReason.Left or MemberDownReason.Replaced)
                log.Add(EventKind.NodeLeft, EventLevel.Info, peer.Life.NodeId, $"Node {peer.Life.NodeId} has left ({reason}).");
            else
                log.Add(EventKind.NodeFailed, EventLevel.Error, peer.Life.NodeId, $"Node {peer.Life.NodeId} at {peer.Member.Address} is down ({reason}).");
        };
    }
}
