using Microsoft.AspNetCore.Http;
using Pico.Server.Admin.Events;
using Pico.Server.Admin.Status;

namespace Pico.Server.Admin.Api;

/// <summary>The table of contents of the Admin API.</summary>
internal sealed class AdminResources(
    StatusReporter status, NodeReporter nodes, EndpointList endpoints, EndpointReporter endpoint, TunnelList tunnels, GossipReporter gossip, EventLog events)
{
    /// <summary>The path of the events.</summary>
    public const string EventsPath = "/events";

    /// <summary>All resources.</summary>
    public IReadOnlyList<AdminResource> All { get; } =
    [
        new("/status", "The node's view of everything: totals, nodes, the first endpoints and tunnels, gossip.", typeof(ServerStatus), EndpointList.Parameters,
            (_, query) => AdminAnswer.Of(status.Report(query))),
        new("/status/nodes", "The nodes of the cluster, the one that answers first.", typeof(StatusPage<NodeStatus>), [AdminParameter.Search, AdminParameter.Zone],
            (_, query) => AdminAnswer.Of(Nodes(nodes, query))),
        new("/status/endpoints", "The endpoints that have an upstream, here or at another node.", typeof(StatusPage<EndpointStatus>), EndpointList.Parameters,
            (_, query) => AdminAnswer.Of(endpoints.List(query))),
        new("/status/endpoints/{id}", "One endpoint, with all of its upstreams.", typeof(EndpointStatus), [],
            (id, _) => endpoint.Find(id) is { } found ? AdminAnswer.Of(found) : AdminAnswer.OfProblem(
                StatusCodes.Status404NotFound, "unknown_endpoint", $"Nobody listens on an endpoint '{Short(id)}', as far as the node {nodes.NodeId} knows.")),
        new("/status/tunnels", "The agents' tunnels that end at the node, the oldest first.", typeof(StatusPage<TunnelStatus>), TunnelList.Parameters,
            (_, query) => AdminAnswer.Of(tunnels.List(query))),
        new("/status/gossip", "The gossip as the node knows it.", typeof(GossipStatus), [],
            (_, _) => gossip.Report() is { } report ? AdminAnswer.Of(report) : AdminAnswer.OfProblem(
                StatusCodes.Status404NotFound, "no_cluster", "The node takes part in no cluster (cluster.join).")),
        new(EventsPath, "What happened lately, the oldest first. The node remembers a thousand events.", typeof(EventPage), [AdminParameter.After, AdminParameter.Limit],
            (_, query) => AdminAnswer.Of(query.Text(AdminParameter.After) is { } after ? events.Read(after, query.Limit()) : events.ReadLast(query.Limit()))),
    ];

    /// <summary>Finds the resource of a path, and what stands for the name in it; null if there is none.</summary>
    public AdminResource? Find(string path, out string name)
    {
        foreach (var resource in All)
        {
            if (resource.Matches(path, out name))
                return resource;
        }

        name = "";
        return null;
    }

    private static StatusPage<NodeStatus> Nodes(NodeReporter nodes, AdminQuery query)
    {
        var (search, zone) = (query.Text(AdminParameter.Search), query.Text(AdminParameter.Zone));
        var all = nodes.Report();
        return new StatusPage<NodeStatus>(
            [.. all.Where(n => (search is null || n.Id.Contains(search, StringComparison.OrdinalIgnoreCase)) && (zone is null || n.Zone == zone))], all.Count, Continue: null);
    }

    private static string Short(string id) => id.Length <= 100 ? id : id[..100];
}
