using Pico.Server.Admin.Metrics;
using Pico.Server.Cluster;
using Pico.Server.Cluster.Members;
using Pico.Server.Hosting;
using Pico.Server.Upstreams;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Admin.Status;

/// <summary>Tells of the nodes: this one, and the others as this one sees them.</summary>
internal sealed class NodeReporter(
    NodeIdentity node, NodeLifecycle lifecycle, TunnelSet tunnels, RouteTable routes, ClientConnections connections, ServerMetrics metrics, ICluster cluster)
{
    /// <summary>This node's ID.</summary>
    public string NodeId => node.Id;

    /// <summary>This node first, the others in order of their IDs.</summary>
    public IReadOnlyList<NodeStatus> Report() => [Self(), .. cluster.Others.Select(Describe).OrderBy(n => n.Id, StringComparer.Ordinal)];

    private NodeStatus Self() => new()
    {
        Id = node.Id,
        Software = node.Software,
        Zone = node.Zone,
        State = lifecycle.IsDraining ? "draining" : lifecycle.IsReady ? "ready" : "starting",
        StartedAt = lifecycle.StartedAt,
        Address = cluster.Address?.ToString() ?? "",
        Link = "self",
        Tunnels = tunnels.Count,
        Endpoints = routes.CountHere,
        ClientConnections = connections.Count,
        RequestsInFlight = metrics.InFlight,
    };

    private static NodeStatus Describe(NodeView other) => new()
    {
        Id = other.Member.Life.NodeId,
        Software = other.Peer?.Facts?.Software ?? "",
        Zone = other.Peer?.Facts?.Zone ?? "",
        State = other.State,
        StartedAt = other.Peer?.Facts?.StartedAt,
        Address = other.Member.Address.ToString(),
        Link = other.Link,
        Tunnels = other.Peer?.Load?.Tunnels ?? 0,
        Endpoints = other.Endpoints,
    };
}
