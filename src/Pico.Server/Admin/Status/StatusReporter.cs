using Pico.Server.Admin.Api;
using Pico.Server.Hosting;

namespace Pico.Server.Admin.Status;

/// <summary>Gathers <see cref="ServerStatus"/>.</summary>
internal sealed class StatusReporter(NodeReporter nodes, EndpointList endpoints, TunnelList tunnels, GossipReporter gossip, ClientConnections connections, TimeProvider time)
{
    /// <summary>The status at this moment, with the endpoints that <paramref name="query"/> asks for.</summary>
    public ServerStatus Report(AdminQuery query)
    {
        var (rate, errors, failing, degraded) = (0.0, 0.0, 0, 0);
        var endpointPage = endpoints.List(query, endpoint =>
        {
            rate += endpoint.Figures.RequestsPerSecond;
            errors += endpoint.Figures.ErrorsPerSecond;
            failing += endpoint.State >= EndpointState.Failing ? 1 : 0;
            degraded += endpoint.State == EndpointState.Degraded ? 1 : 0;
        });
        var tunnelPage = tunnels.List(query.Limit());
        var all = nodes.Report();
        return new ServerStatus
        {
            Node = nodes.NodeId,
            At = time.GetUtcNow(),
            Totals = new StatusTotals
            {
                Nodes = all.Count,
                Endpoints = endpointPage.Total,
                EndpointsFailing = failing,
                EndpointsDegraded = degraded,
                Tunnels = tunnelPage.Total,
                ClientConnections = connections.Count,
                RequestsInFlight = all[0].RequestsInFlight ?? 0,
                RequestsPerSecond = Math.Round(rate, 2),
                ErrorsPerSecond = Math.Round(errors, 2),
            },
            Nodes = all,
            Endpoints = endpointPage.Items,
            EndpointsContinue = endpointPage.Continue,
            Tunnels = tunnelPage.Items,
            TunnelsContinue = tunnelPage.Continue,
            Gossip = gossip.Report(),
        };
    }
}
