namespace Pico.Tunnel.Protocol;

/// <summary>
/// Why a tunnel ends or was not admitted. The value is the code on the wire (docs/protocol.md, GO_AWAY).
/// Values from 1000 are never on the wire: they are what this side saw.
/// </summary>
public enum TunnelError : ushort
{
    /// <summary>An orderly end: nothing is wrong.</summary>
    None = 0,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolError = 1,

    /// <summary>No protocol version in common.</summary>
    VersionMismatch = 2,

    /// <summary>The node drains: go elsewhere.</summary>
    Draining = 3,

    /// <summary>The agent already holds a tunnel to this node.</summary>
    Duplicate = 4,

    /// <summary>The credential is missing, wrong or was revoked.</summary>
    Unauthorized = 5,

    /// <summary>The credential has expired.</summary>
    TokenExpired = 6,

    /// <summary>A limit on tunnels is reached.</summary>
    TooManyTunnels = 7,

    /// <summary>The peer answered no ping in time.</summary>
    PingTimeout = 8,

    /// <summary>The peer sent more control frames than it read answers to.</summary>
    Flood = 9,

    /// <summary>A fault of the sender's own.</summary>
    Internal = 10,

    /// <summary>The cluster evens out: move this tunnel to another node.</summary>
    Rebalance = 11,

    /// <summary>The handshake took too long.</summary>
    HandshakeTimeout = 12,

    /// <summary>The transport broke or was closed by the peer without GO_AWAY.</summary>
    TransportLost = 1000,

    /// <summary>This side disposed of the tunnel.</summary>
    Disposed = 1001,
}
