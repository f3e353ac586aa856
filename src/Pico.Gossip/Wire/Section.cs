namespace Pico.Gossip.Wire;

/// <summary>The sections of a payload. A section that a node doesn't know is skipped, so versions can be mixed.</summary>
internal enum Section : byte
{
    /// <summary>Who sends: incarnation (varint), hash of all that the sender knows (64 bits). First in every packet.</summary>
    Sender = 1,

    /// <summary>Asks for an <see cref="Ack"/>: number (32 bits).</summary>
    Ping = 2,

    /// <summary>Answers a <see cref="Ping"/>: its number. If another node was asked for it, that node's tag (64 bits) and incarnation (varint) follow.</summary>
    Ack = 3,

    /// <summary>Asks for a <see cref="Ping"/> of a third node: number, tag, address.</summary>
    PingRequest = 4,

    /// <summary>A third node didn't answer: the number of the <see cref="PingRequest"/>.</summary>
    Nack = 5,

    /// <summary>What is new about members. See <see cref="MemberUpdate"/>.</summary>
    Updates = 6,

    /// <summary>What the sender has: flags, buckets that are complete (64 bits), then tag, incarnation and version of each member.</summary>
    Digest = 7,

    /// <summary>What the sender wants: tag, and the version that it has (varint), of each member.</summary>
    Pull = 8,

    /// <summary>Changes of one member. See <see cref="DeltaCodec"/>.</summary>
    Delta = 9,

    /// <summary>Members that the sender knows nothing of: their tags.</summary>
    Want = 10,

    /// <summary>A hash of each bucket of members (32 bits each).</summary>
    Summary = 11,

    /// <summary>The first packet to an address: the sender's own record. It is answered and changes nothing, since it may be an old one sent again.</summary>
    Hello = 12,

    /// <summary>Answers a <see cref="Hello"/>: the sender's own record.</summary>
    HelloAck = 13,

    /// <summary>There is more to have than fits into packets: by TCP.</summary>
    More = 14,

    /// <summary>On TCP: the sender has said everything of its turn.</summary>
    EndOfTurn = 15,
}
