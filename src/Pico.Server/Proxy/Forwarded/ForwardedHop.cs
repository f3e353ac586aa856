using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pico.Server.Proxy.Forwarded;

/// <summary>
/// What one client connection adds to the trail of proxies: who the peer is, and how it came. Made once per connection, shared by its requests.
/// </summary>
internal sealed class ForwardedHop
{
    /// <param name="peer">Who sent the requests: the address that the PROXY protocol gave, else the connection's. Null if it has none.</param>
    /// <param name="secure">The client's connection is encrypted.</param>
    /// <param name="trusted">The peer is a trusted proxy: what it says of its client is believed.</param>
    public ForwardedHop(IPAddress? peer, bool secure, bool trusted)
    {
        IsTrusted = trusted;
        IsSecure = secure;
        Proto = Encoding.ASCII.GetBytes(secure ? "https" : "http");
        Peer = Encoding.ASCII.GetBytes(peer is null ? "unknown" : Plain(peer).ToString());
        For = peer is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } ? [.. "\"["u8, .. Peer, .. "]\""u8] : Peer;
    }

    /// <summary>True if what the peer says of its client is kept and added to; false if it is dropped.</summary>
    public bool IsTrusted { get; }

    /// <summary>The client's connection is encrypted.</summary>
    public bool IsSecure { get; }

    /// <summary><c>http</c> or <c>https</c>.</summary>
    public byte[] Proto { get; }

    /// <summary>The peer's address for X-Forwarded-For; <c>unknown</c> if it has none.</summary>
    public byte[] Peer { get; }

    /// <summary>The peer's address as a node of Forwarded: IPv6 in brackets and quotes (RFC 7239 section 6).</summary>
    public byte[] For { get; }

    /// <summary>IPv4 is written as such, IPv6 without the scope, which means nothing elsewhere.</summary>
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
}
