namespace Pico.Server.Admin.Status;

/// <summary>This node's part in the gossip, and what it knows by it.</summary>
public sealed record GossipStatus
{
    /// <summary>Where this node tells others to reach it.</summary>
    public required string Address { get; init; }

    /// <summary>When this life of the node began.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>True once it found a member and has its state, or found that there is nobody to join.</summary>
    public required bool IsJoined { get; init; }

    /// <summary>Packets received and sent since the start.</summary>
    public required long PacketsReceived { get; init; }

    /// <inheritdoc cref="PacketsReceived"/>
    public required long PacketsSent { get; init; }

    /// <summary>Bytes received and sent since the start.</summary>
    public required long BytesReceived { get; init; }

    /// <inheritdoc cref="BytesReceived"/>
    public required long BytesSent { get; init; }

    /// <summary>Exchanges of state over TCP that completed.</summary>
    public required long Syncs { get; init; }

    /// <summary>Exchanges of state over TCP that failed.</summary>
    public required long SyncsFailed { get; init; }

    /// <summary>How often this node found a member not to answer.</summary>
    public required long Suspicions { get; init; }

    /// <summary>How often this node had to say that it lives.</summary>
    public required long Refutations { get; init; }

    /// <summary>The members, this node first.</summary>
    public required IReadOnlyList<GossipMemberStatus> Members { get; init; }
}

/// <summary>One life of a node, as the gossip has it.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Start">When the life began.</param>
/// <param name="Address">Where it is reached.</param>
/// <param name="State"><c>alive</c>, <c>suspect</c>, <c>left</c> or <c>dead</c>.</param>
/// <param name="Keys">How many values it tells.</param>
public sealed record GossipMemberStatus(string NodeId, DateTimeOffset Start, string Address, string State, int Keys);
