namespace Pico.Tunnel.Protocol;

/// <summary>What the service behind an endpoint speaks. The value is the byte on the wire (docs/protocol.md, REGISTER).</summary>
public enum EndpointProtocol : byte
{
    /// <summary>HTTP/1.1 (and WebSocket) on a byte stream.</summary>
    Http = 1,

    /// <summary>HTTP/2 by prior knowledge (gRPC) on a byte stream.</summary>
    H2C = 2,

    /// <summary>Any byte stream.</summary>
    Tcp = 3,
}
