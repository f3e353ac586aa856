using System.Buffers.Binary;
using System.Net;

namespace Pico.Server.Proxy.Connections.ProxyProtocol;

/// <summary>
/// Version 2, binary (section 2.2):
/// <code>
///   0                          12         13         14        16
///   | signature (12 bytes)     | ver|cmd  | fam|proto | length  | addresses, then TLVs (length bytes; TLVs are skipped)
/// </code>
/// </summary>
internal static class ProxyHeaderV2
{
    /// <summary>What a header may take with its TLVs. The format allows 65,551; senders stay far below this.</summary>
    public const int MaxLength = 4096;

    private const int FixedLength = 16;

    /// <summary>What a header of version 2 begins with.</summary>
    public static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    public static ProxyHeaderResult Parse(ReadOnlySpan<byte> start, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        var known = Math.Min(start.Length, Signature.Length);
        if (!start[..known].SequenceEqual(Signature[..known]))
            return ProxyHeaderResult.Malformed;
        if (start.Length < FixedLength)
            return ProxyHeaderResult.Incomplete;

        var (version, command, family) = (start[12] >> 4, start[12] & 0xF, start[13] >> 4);
        length = FixedLength + BinaryPrimitives.ReadUInt16BigEndian(start[14..]);
        if (version != 2 || command > 1 || length > MaxLength)
            return ProxyHeaderResult.Malformed;
        if (start.Length < length)
            return ProxyHeaderResult.Incomplete;

        // LOCAL (0) is the sender's own health check; its addresses are to be ignored.
        var addresses = start[FixedLength..length];
        return command == 0 ? ProxyHeaderResult.Complete : ParseAddresses(family, addresses, out header);
    }

    private static ProxyHeaderResult ParseAddresses(int family, ReadOnlySpan<byte> addresses, out ProxyHeader header)
    {
        header = default;
        // AF_INET (1) and AF_INET6 (2); AF_UNSPEC, AF_UNIX and unknown ones have no address of use here (section 2.2: accept, don't use).
        var size = family switch { 1 => 4, 2 => 16, _ => 0 };
        if (size == 0)
            return ProxyHeaderResult.Complete;
        if (addresses.Length < (2 * size) + 4)
            return ProxyHeaderResult.Malformed;

        var ports = addresses[(2 * size)..];
        header = new ProxyHeader(
            new IPEndPoint(new IPAddress(addresses[..size]), BinaryPrimitives.ReadUInt16BigEndian(ports)),
            new IPEndPoint(new IPAddress(addresses.Slice(size, size)), BinaryPrimitives.ReadUInt16BigEndian(ports[2..])));
        return ProxyHeaderResult.Complete;
    }
}
