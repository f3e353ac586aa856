namespace Pico.Server.Upstreams;

/// <summary>How far an upstream is from this node. The nearer comes first.</summary>
internal enum Proximity : byte
{
    /// <summary>Its tunnel ends at this node.</summary>
    Here,

    /// <summary>Its tunnel ends at another node of this node's zone; nodes that name no zone share one.</summary>
    Zone,

    /// <summary>Its tunnel ends at a node of another zone.</summary>
    Elsewhere,
}
