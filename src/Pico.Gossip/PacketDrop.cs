namespace Pico.Gossip;

/// <summary>Why something that was received was thrown away, unread.</summary>
public enum PacketDrop
{
    /// <summary>Not a packet of this protocol, or of a version that this node doesn't speak.</summary>
    Malformed,

    /// <summary>Sealed with a key that is not in the ring.</summary>
    UnknownKey,

    /// <summary>Not sealed, while this node has a key.</summary>
    Unsealed,

    /// <summary>The seal is broken: forged or damaged.</summary>
    NotAuthentic,

    /// <summary>Received before, or too old to tell.</summary>
    Replayed,

    /// <summary>Meant for another life: an address was re-used, or an old packet sent again.</summary>
    OtherLife,

    /// <summary>More first packets of unknown senders than are looked at.</summary>
    RateLimited,

    /// <summary>More than could be worked off.</summary>
    Overloaded,
}
