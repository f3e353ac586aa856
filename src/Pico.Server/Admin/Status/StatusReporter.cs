using Pico.Server.Admin.Metrics;
using Pico.Server.Hosting;
using Pico.Server.Upstreams;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Admin.Status;

/// <summary>Gathers <see cref="ServerStatus"/> from the other rooms.</summary>
internal sealed class StatusReporter(
    NodeIdentity node, NodeLifecycle lifecycle, RouteTable routes, TunnelSet tunnels, ClientConnections connections, ServerMetrics metrics, TimeProvider time)
{
    /// <summary>The status at this moment.</summary>
    public ServerStatus Report() => new(
        [new NodeStatus(node.Id, node.Software, State(), lifecycle.StartedAt, connections.Count, metrics.InFlight)],
        [.. routes.Endpoints.Select(Describe).OrderBy(e => e.Id, StringComparer.Ordinal)],
        [.. tunnels.All.OrderBy(t => t.OpenedAt).Select(Describe)]);

    private string State() => lifecycle.IsDraining ? "draining" : lifecycle.IsReady ? "ready" : "starting";

    private EndpointStatus Describe(EndpointUpstreams endpoint)
    {
        var upstreams = new List<UpstreamStatus>();
        foreach (var upstream in endpoint.Upstreams)
            upstreams.Add(Describe(upstream));
        return new EndpointStatus(endpoint.EndpointId, ProtocolNames.Of(endpoint.Protocol), upstreams);
    }

    private UpstreamStatus Describe(Upstream upstream) => new(
        node.Id,
        (upstream as LocalUpstream)?.Tunnel.Remote.Id ?? "",
        upstream.Description,
        !upstream.IsOpen ? "closed" : upstream.Ejection.IsEjected ? "ejected" : "open",
        upstream.Outstanding,
        upstream.Idle.Count);

    private TunnelStatus Describe(TunnelRecord tunnel)
    {
        var (connection, agent) = (tunnel.Connection, tunnel.Connection.Remote);
        var (received, sent) = connection.Bytes;
        return new TunnelStatus(
            agent.Id,
            agent.Name,
            agent.Software,
            agent.Zone,
            connection.RemoteAddress,
            Math.Round(time.GetElapsedTime(tunnel.OpenedAt).TotalSeconds, 3),
            connection.RoundTripTime > TimeSpan.Zero ? Math.Round(connection.RoundTripTime.TotalMilliseconds, 3) : null,
            connection.StreamCount,
            received,
            sent,
            [.. tunnel.Upstreams.Values.Select(u => u.EndpointId).Order(StringComparer.Ordinal)]);
    }
}
