using System.Text.Json.Serialization;

namespace Pico.Server.Admin.Status;

/// <summary>How an endpoint does, as seen from one node.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EndpointState>))]
public enum EndpointState
{
    /// <summary>All upstreams are used, and hardly a request is an error.</summary>
    [JsonStringEnumMemberName("healthy")]
    Healthy,

    /// <summary>Some upstreams are left out, or more than one request in a hundred is an error.</summary>
    [JsonStringEnumMemberName("degraded")]
    Degraded,

    /// <summary>Half of the requests of the last second or two are errors, or the last three, if they are of the last minute.</summary>
    [JsonStringEnumMemberName("failing")]
    Failing,

    /// <summary>All upstreams are left out.</summary>
    [JsonStringEnumMemberName("unavailable")]
    Unavailable,
}

/// <summary>One endpoint. Traffic is what clients of this node sent; that of other nodes is theirs to tell.</summary>
public sealed record EndpointStatus
{
    /// <summary>The endpoint's ID.</summary>
    public required string Id { get; init; }

    /// <summary><c>http</c>, <c>h2c</c> or <c>tcp</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>How it does.</summary>
    public required EndpointState State { get; init; }

    /// <summary>Its last error, for people, if it is not healthy because of one; else null.</summary>
    public string? Reason { get; init; }

    /// <summary>Since when every request is an error; null if the last one was none.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Requests (TCP: connections) that ended (began) per second, over the last 10 s.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Those of them that were errors: a status of 500 and above, or cut off by the service.</summary>
    public required double ErrorsPerSecond { get; init; }

    /// <summary>Half of the requests of the last quarter of a minute took less; null if there were none. Accurate to a fifth.</summary>
    public double? MedianMilliseconds { get; init; }

    /// <summary>99 of a hundred requests of the last quarter of a minute took less; null if there were none. Accurate to a fifth.</summary>
    public double? P99Milliseconds { get; init; }

    /// <summary>Requests and streams in flight from this node.</summary>
    public required int InFlight { get; init; }

    /// <summary>How many registrations of agents there are, at all nodes.</summary>
    public required int UpstreamCount { get; init; }

    /// <summary>Its upstreams; a list of many endpoints names 16 of each at the most.</summary>
    public required IReadOnlyList<UpstreamStatus> Upstreams { get; init; }
}

/// <summary>One upstream of an endpoint; those behind another node are one together.</summary>
/// <param name="NodeId">The node that holds its tunnel.</param>
/// <param name="AgentId">The agent's instance ID, as in <see cref="TunnelStatus.AgentId"/>; empty if it is behind another node.</param>
/// <param name="Description">Agent and address, for people.</param>
/// <param name="State"><c>open</c>, <c>ejected</c> (left out because opens failed) or <c>closed</c> (about to go).</param>
/// <param name="Count">How many registrations of agents it stands for: 1, or those of the other node.</param>
/// <param name="Outstanding">Requests and streams in flight through it, from this node.</param>
/// <param name="IdleStreams">Idle streams kept for the next requests.</param>
public sealed record UpstreamStatus(string NodeId, string AgentId, string Description, string State, int Count, int Outstanding, int IdleStreams);
