namespace Pico.Server.Admin.Status;

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
