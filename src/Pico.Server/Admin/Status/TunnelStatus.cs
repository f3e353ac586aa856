namespace Pico.Server.Admin.Status;

/// <summary>One tunnel of an agent.</summary>
public sealed record TunnelStatus
{
    /// <summary>The number that this node gave it.</summary>
    public required long Number { get; init; }

    /// <summary>The agent's instance ID.</summary>
    public required string AgentId { get; init; }

    /// <summary>The agent's name.</summary>
    public required string AgentName { get; init; }

    /// <summary>The agent's software and version.</summary>
    public required string Software { get; init; }

    /// <summary>The agent's availability zone, or empty.</summary>
    public required string Zone { get; init; }

    /// <summary>Where it connected from.</summary>
    public required string Address { get; init; }

    /// <summary><c>open</c>, or <c>leaving</c> while it lives for the streams that it has.</summary>
    public required string State { get; init; }

    /// <summary>For how long it has been connected.</summary>
    public required double AgeSeconds { get; init; }

    /// <summary>The shortest recent round trip; null until one was measured.</summary>
    public double? RoundTripMilliseconds { get; init; }

    /// <summary>Open streams, idle ones included.</summary>
    public required int Streams { get; init; }

    /// <summary>Payload received from the agent.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>Payload sent to the agent.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Whose token it came with (the claim <c>sub</c>), or empty.</summary>
    public required string TokenSubject { get; init; }

    /// <summary>When its token expires; null if it never does, or none is asked for.</summary>
    public DateTimeOffset? TokenExpiresAt { get; init; }

    /// <summary>How many endpoints it registered.</summary>
    public required int EndpointCount { get; init; }

    /// <summary>What it registered, in order; the first 100.</summary>
    public required IReadOnlyList<string> Endpoints { get; init; }
}
