using System.Net;

namespace Pico.Server.Proxy.Connections.ProxyProtocol;

/// <summary>How reading a PROXY protocol header went.</summary>
internal enum ProxyHeaderResult
{
    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>This is no PROXY protocol header.</summary>
    Malformed,

    /// <summary>A whole header was read.</summary>
    Complete,
}

/// <summary>
/// What a PROXY protocol header says. Without addresses (v1 UNKNOWN, v2 LOCAL, AF_UNSPEC, AF_UNIX or an unknown family) the connection's own count.
/// </summary>
internal readonly record struct ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination);
