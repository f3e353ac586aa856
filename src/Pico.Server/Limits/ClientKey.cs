using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Pico.Server.Limits;

/// <summary>
/// What counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address, since that much is one subscriber's network (RFC 6177)
/// and he may send from every address in it.
/// </summary>
internal readonly record struct ClientKey
{
    private readonly ulong _prefix;
    private readonly bool _isIPv6;

    /// <summary>The key of <paramref name="address"/>; IPv4 addresses mapped into IPv6 count as IPv4.</summary>
    public ClientKey(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        _isIPv6 = address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6;
        _prefix = _isIPv6 ? BinaryPrimitives.ReadUInt64BigEndian(bytes)
            : BinaryPrimitives.ReadUInt32BigEndian(address.AddressFamily == AddressFamily.InterNetwork ? bytes : bytes[12..]);
    }

    /// <summary>The address or prefix, for logs.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _isIPv6 ? _prefix : _prefix << 32);
        return _isIPv6 ? $"{new IPAddress(bytes)}/64" : new IPAddress(bytes[..4]).ToString();
    }
}
