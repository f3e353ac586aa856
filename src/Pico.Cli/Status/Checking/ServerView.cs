using System.Runtime.CompilerServices;
using System.Text.Json;
using Pico.Server.Admin.Events;
using Pico.Server.Admin.Status;

namespace Pico.Cli.Status.Checking;

/// <summary>The steps inside the server, as its admin port tells them: (1) the node, (2) the route to the endpoint, (3) the tunnels behind it.</summary>
internal sealed class ServerView(AdminClient admin, string id)
{
    private const int EventsAtOnce = 1000;

    /// <summary>The endpoint, once it was found.</summary>
    public EndpointStatus? Endpoint { get; private set; }

    public async IAsyncEnumerable<Finding> LookAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (node, nodes) = await NodeAsync(cancellationToken); // 1.
        yield return node;
        if (node.Verdict == Verdict.Broken)
            yield break;
        var route = await RouteAsync(cancellationToken); // 2.
        yield return route;
        if (Endpoint is { } endpoint)
            yield return Tunnels(endpoint, nodes); // 3.
    }

    private async Task<(Finding Finding, IReadOnlyList<NodeStatus> Nodes)> NodeAsync(CancellationToken cancellationToken)
    {
        const string step = "node";
        try
        {
            var nodes = (await admin.GetAsync("/status/nodes", cancellationToken)).Deserialize(StatusJson.Default.StatusPageNodeStatus)!.Items;
            var self = nodes[0];
            var finding = self.State switch
            {
                "ready" => Finding.Good(step, $"{self.Id} is ready, one of {nodes.Count}"),
                "draining" => Finding.Broken(step, $"{self.Id} is draining: it is about to stop and takes no new work", "Wait until it has been replaced, and ask another node meanwhile; a load balancer should watch /ready."),
                _ => Finding.Broken(step, $"{self.Id} is not ready: it is {self.State}", "Its admin port says why under /ready. A node that has not joined its cluster waits for cluster.join; its log names whom it asks."),
            };
            return (finding, nodes);
        }
        catch (AdminException e)
        {
            return (Finding.Broken("admin port", e.Message, "Without the admin port nobody can say more; --server names it. It may run on another address than the proxy port."), []);
        }
        catch (JsonException e)
        {
            return (Finding.Broken("admin port", $"{admin.Address} answered what this pico does not know: {e.Message}", "Use the server's own version of pico."), []);
        }
    }

    private async Task<Finding> RouteAsync(CancellationToken cancellationToken)
    {
        const string step = "route";
        try
        {
            Endpoint = (await admin.GetAsync($"/status/endpoints/{Uri.EscapeDataString(id)}", cancellationToken)).Deserialize(StatusJson.Default.EndpointStatus)!;
            return Finding.Good(step, $"{id} speaks {Endpoint.Protocol} and has {Endpoint.UpstreamCount} {(Endpoint.UpstreamCount == 1 ? "upstream" : "upstreams")}");
        }
        catch (AdminException e) when (e.Code == "unknown_endpoint")
        {
            return await UnknownAsync(step, cancellationToken);
        }
        catch (AdminException e)
        {
            return Finding.Broken(step, e.Message, "Ask again.");
        }
    }

    private async Task<Finding> UnknownAsync(string step, CancellationToken cancellationToken)
    {
        var events = await EventsAsync(cancellationToken);
        if (events.LastOrDefault(e => e.Kind == EventKind.EndpointDisappeared && e.Subject == id) is { } gone)
            return Finding.Broken(step, $"nobody has listened on {id} since {ConsoleText.Time(gone.At)}: {gone.Message}", "Its agent has gone or withdrew it (a health check, perhaps): see that it runs, and its log.");
        if (events.LastOrDefault(e => e.Kind == EventKind.AgentRefused) is { } refused)
            return Finding.Broken(step, $"nobody listens on {id}. An agent was refused at {ConsoleText.Time(refused.At)}: {refused.Message}", "If that is its agent, correct what it was refused for. Else see that the agent runs, and that --endpoints names it so.");
        return Finding.Broken(step, $"nobody listens on {id}, nor has since the node remembers", "See the spelling ('pico status endpoints' lists what there is), that its agent runs, and that the agent's --endpoints and --server name it and this cluster.");
    }

    private async Task<IReadOnlyList<ServerEvent>> EventsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await admin.GetAsync($"/events?limit={EventsAtOnce}", cancellationToken)).Deserialize(StatusJson.Default.EventPage)!.Items;
        }
        catch (Exception e) when (e is AdminException or JsonException)
        {
            // They would say more; what is known is wrong all the same.
            return [];
        }
    }

    private static Finding Tunnels(EndpointStatus endpoint, IReadOnlyList<NodeStatus> nodes)
    {
        const string step = "tunnel";
        var down = nodes.Where(n => n.Link == "down" || n.State is "failed" or "suspect").Select(n => n.Id).ToHashSet();
        if (endpoint.Upstreams.All(u => down.Contains(u.NodeId)))
            return Finding.Broken(step, $"all tunnels are at {Names(endpoint)}, which {nodes[0].Id} does not reach", "See that those nodes run, and that nodes reach each other at cluster.advertise-addr (TCP and UDP).");
        var open = endpoint.Upstreams.Where(u => u.State == "open" && !down.Contains(u.NodeId)).Sum(u => u.Count);
        if (open == 0)
            return Finding.Doubtful(step, $"all tunnels of it took no request lately ({endpoint.Reason ?? "left out"}) and are left out for now", "The request below tells why.");
        return open == endpoint.UpstreamCount
            ? Finding.Good(step, $"all open, at {Names(endpoint)}")
            : Finding.Doubtful(step, $"{open} of {endpoint.UpstreamCount} can be used", $"'pico status endpoint {endpoint.Id}' shows which cannot.");
    }

    private static string Names(EndpointStatus endpoint) => string.Join(", ", endpoint.Upstreams.Select(u => u.NodeId).Distinct());
}
