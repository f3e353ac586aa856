namespace Pico.Tunnel.Protocol;

/// <summary>
/// Why one stream was refused or reset. Its failure leaves the tunnel and its other streams alone.
/// The value is the code on the wire (docs/protocol.md, REFUSE and RESET).
/// </summary>
public enum StreamError : ushort
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The side that opened the stream lost interest (the client went away).</summary>
    Cancelled = 1,

    /// <summary>The service could not be connected to (refused, unreachable, no such host, TLS failed).</summary>
    ServiceUnreachable = 2,

    /// <summary>The service did not accept the connection in time.</summary>
    ServiceTimeout = 3,

    /// <summary>The service reset the connection, or it broke, after the stream was accepted.</summary>
    ServiceReset = 4,

    /// <summary>The registration or endpoint named by OPEN does not exist (any more).</summary>
    UnknownEndpoint = 5,

    /// <summary>The receiver has as many streams as it allows.</summary>
    TooManyStreams = 6,

    /// <summary>The receiver drains and takes no new streams.</summary>
    Draining = 7,

    /// <summary>The sender broke the protocol on this stream.</summary>
    ProtocolError = 8,

    /// <summary>The sender sent more than the window allowed.</summary>
    FlowControl = 9,

    /// <summary>A fault of the receiver's own.</summary>
    Internal = 10,

    /// <summary>The stream was idle for longer than allowed.</summary>
    IdleTimeout = 11,

    /// <summary>Never on the wire: the tunnel itself ended under the stream.</summary>
    TunnelLost = ushort.MaxValue,
}
