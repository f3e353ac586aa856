using Pico.Server.Upstreams;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Admin.Status;

/// <summary>Gathers <see cref="ServerStatus"/> from the other rooms.</summary>
internal sealed class StatusReporter(NodeReporter nodes, RouteTable routes, TunnelSet tunnels, TimeProvider time)
{
    /// <summary>The status at this moment.</summary>
    public ServerStatus Report() => new(
        nodes.Report(),
        [.. routes.Endpoints.Select(Describe).OrderBy(e => e.Id, StringComparer.Ordinal)],
        [.. tunnels.All.OrderBy(t => t.OpenedAt).Select(Describe)]);

    private EndpointStatus Describe(EndpointUpstreams endpoint)
    {
        var upstreams = new List<UpstreamStatus>();
        foreach (var upstream in endpoint.Upstreams)
            upstreams.Add(Describe(upstream));
        return new EndpointStatus(endpoint.EndpointId, ProtocolNames.Of(endpoint.Protocol), upstreams);
    }

    private UpstreamStatus Describe(Upstream upstream) => new(
        upstream.NodeId.Length > 0 ? upstream.NodeId : nodes.NodeId,
        (upstream as LocalUpstream)?.Tunnel.Remote.Id ?? "",
        upstream.Description,
        !upstream.IsOpen ? "closed" : upstream.IsEjected ? "ejected" : "open",
        upstream.Weight,
        upstream.Outstanding,
        upstream.IdleCount);

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
