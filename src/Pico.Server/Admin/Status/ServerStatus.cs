namespace Pico.Server.Admin.Status;

/// <summary>What <c>/status</c> of the admin port answers. All of it is as of one moment, nearly.</summary>
/// <param name="Nodes">The nodes of the cluster; the one that answers is first.</param>
/// <param name="Endpoints">The endpoints that have an upstream, here or at another node, in order of their IDs.</param>
/// <param name="Tunnels">The agents' tunnels that end at this node, the oldest first.</param>
public sealed record ServerStatus(IReadOnlyList<NodeStatus> Nodes, IReadOnlyList<EndpointStatus> Endpoints, IReadOnlyList<TunnelStatus> Tunnels);

/// <summary>One node. Of the others it is what they told this one, or what this one thinks of them.</summary>
public sealed record NodeStatus
{
    /// <summary>The node's ID.</summary>
    public required string Id { get; init; }

    /// <summary>Software and version.</summary>
    public required string Software { get; init; }

    /// <summary>Its availability zone, or empty.</summary>
    public required string Zone { get; init; }

    /// <summary><c>starting</c>, <c>ready</c> or <c>draining</c>; of others also <c>suspect</c> (it did not answer lately), <c>left</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>When the process began to listen; null while it starts.</summary>
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>Where other nodes reach it; empty without a cluster.</summary>
    public required string Address { get; init; }

    /// <summary>The peer link from this node to it: <c>up</c>, <c>down</c>, <c>none</c> while none was needed, or <c>self</c>.</summary>
    public required string Link { get; init; }

    /// <summary>Tunnels of agents that end there.</summary>
    public required int Tunnels { get; init; }

    /// <summary>Endpoints that agents registered there.</summary>
    public required int Endpoints { get; init; }

    /// <summary>Open connections of clients; null of others.</summary>
    public int? ClientConnections { get; init; }

    /// <summary>Requests that are being served; null of others.</summary>
    public long? RequestsInFlight { get; init; }
}

/// <summary>One endpoint.</summary>
/// <param name="Id">The endpoint's ID.</param>
/// <param name="Protocol"><c>http</c>, <c>h2c</c> or <c>tcp</c>.</param>
/// <param name="Upstreams">Its upstreams.</param>
public sealed record EndpointStatus(string Id, string Protocol, IReadOnlyList<UpstreamStatus> Upstreams);

/// <summary>One upstream of an endpoint; those behind another node are one together.</summary>
/// <param name="NodeId">The node that holds its tunnel.</param>
/// <param name="AgentId">The agent's instance ID, as in <see cref="TunnelStatus.AgentId"/>; empty if it is behind another node.</param>
/// <param name="Description">Agent and address, for people.</param>
/// <param name="State"><c>open</c>, <c>ejected</c> (left out because opens failed) or <c>closed</c> (about to go).</param>
/// <param name="Count">How many registrations of agents it stands for: 1, or those of the other node.</param>
/// <param name="Outstanding">Requests and streams in flight through it, from this node.</param>
/// <param name="IdleStreams">Idle streams kept for the next requests.</param>
public sealed record UpstreamStatus(string NodeId, string AgentId, string Description, string State, int Count, int Outstanding, int IdleStreams);

/// <summary>One tunnel of an agent.</summary>
/// <param name="AgentId">The agent's instance ID.</param>
/// <param name="AgentName">The agent's name.</param>
/// <param name="Software">The agent's software and version.</param>
/// <param name="Zone">The agent's availability zone, or empty.</param>
/// <param name="Address">Where it connected from.</param>
/// <param name="AgeSeconds">For how long it has been connected.</param>
/// <param name="RoundTripMilliseconds">The shortest recent round trip; null until one was measured.</param>
/// <param name="Streams">Open streams, idle ones included.</param>
/// <param name="BytesReceived">Payload received from the agent.</param>
/// <param name="BytesSent">Payload sent to the agent.</param>
/// <param name="Endpoints">What it registered, in order.</param>
public sealed record TunnelStatus(
    string AgentId,
    string AgentName,
    string Software,
    string Zone,
    string Address,
    double AgeSeconds,
    double? RoundTripMilliseconds,
    int Streams,
    long BytesReceived,
    long BytesSent,
    IReadOnlyList<string> Endpoints);
