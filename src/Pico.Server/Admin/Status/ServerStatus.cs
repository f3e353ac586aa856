namespace Pico.Server.Admin.Status;

/// <summary>
/// What <c>/status</c> of the admin port answers: the node's view of everything, with the first page of endpoints and of tunnels. All of it is as of one moment, nearly.
/// </summary>
public sealed record ServerStatus
{
    /// <summary>The node that says this.</summary>
    public required string Node { get; init; }

    /// <summary>Its clock when it did.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How much there is.</summary>
    public required StatusTotals Totals { get; init; }

    /// <summary>The nodes of the cluster; the one that answers is first.</summary>
    public required IReadOnlyList<NodeStatus> Nodes { get; init; }

    /// <summary>The endpoints that have an upstream, here or at another node: the first page of <c>/status/endpoints</c>.</summary>
    public required IReadOnlyList<EndpointStatus> Endpoints { get; init; }

    /// <summary>Where <c>/status/endpoints</c> goes on; null if these are all.</summary>
    public string? EndpointsContinue { get; init; }

    /// <summary>The agents' tunnels that end at this node, the oldest first: the first page of <c>/status/tunnels</c>.</summary>
    public required IReadOnlyList<TunnelStatus> Tunnels { get; init; }

    /// <summary>Where <c>/status/tunnels</c> goes on; null if these are all.</summary>
    public string? TunnelsContinue { get; init; }

    /// <summary>The gossip; null without a cluster.</summary>
    public GossipStatus? Gossip { get; init; }
}

/// <summary>How much there is.</summary>
public sealed record StatusTotals
{
    /// <summary>Nodes that are known, those that failed lately included.</summary>
    public required int Nodes { get; init; }

    /// <summary>Endpoints that have an upstream, here or at another node.</summary>
    public required int Endpoints { get; init; }

    /// <summary>Those of them that are unavailable or failing.</summary>
    public required int EndpointsFailing { get; init; }

    /// <summary>Those of them that are degraded.</summary>
    public required int EndpointsDegraded { get; init; }

    /// <summary>Tunnels of agents that end at this node.</summary>
    public required int Tunnels { get; init; }

    /// <summary>Open connections of clients at this node.</summary>
    public required int ClientConnections { get; init; }

    /// <summary>Requests of clients that this node serves just now.</summary>
    public required long RequestsInFlight { get; init; }

    /// <summary>Requests to all endpoints that ended at this node, per second, over the last 10 s.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Those of them that were errors.</summary>
    public required double ErrorsPerSecond { get; init; }
}

/// <summary>A page of a list.</summary>
/// <typeparam name="T">What it lists.</typeparam>
/// <param name="Items">What is on it.</param>
/// <param name="Total">How many there are in all, before any filter.</param>
/// <param name="Continue">What to give as <c>continue</c> for the next page; null on the last.</param>
public sealed record StatusPage<T>(IReadOnlyList<T> Items, int Total, string? Continue);
