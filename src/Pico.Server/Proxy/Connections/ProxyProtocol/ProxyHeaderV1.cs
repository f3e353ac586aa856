using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pico.Server.Proxy.Connections.ProxyProtocol;

/// <summary>
/// Version 1, a line of text (section 2.1):
/// <code>
///   PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n
///   PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n
///   PROXY UNKNOWN [anything]\r\n
/// </code>
/// </summary>
internal static class ProxyHeaderV1
{
    /// <summary>The longest line, with its end (section 2.1).</summary>
    private const int MaxLength = 107;

    private static ReadOnlySpan<byte> Prefix => "PROXY "u8;

    public static ProxyHeaderResult Parse(ReadOnlySpan<byte> start, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        var known = Math.Min(start.Length, Prefix.Length);
        if (!start[..known].SequenceEqual(Prefix[..known]))
            return ProxyHeaderResult.Malformed;

        var end = start[..Math.Min(start.Length, MaxLength)].IndexOf("\r\n"u8);
        if (end < 0)
            return start.Length >= MaxLength ? ProxyHeaderResult.Malformed : ProxyHeaderResult.Incomplete;

        length = end + 2;
        return ParseFields(start[Prefix.Length..end], out header) ? ProxyHeaderResult.Complete : ProxyHeaderResult.Malformed;
    }

    private static bool ParseFields(ReadOnlySpan<byte> fields, out ProxyHeader header)
    {
        header = default;
        Span<Range> parts = stackalloc Range[7];
        var count = 0;
        foreach (var part in fields.Split((byte)' '))
        {
            if (count == parts.Length)
                break;
            parts[count++] = part;
        }

        var family = fields[parts[0]];
        if (family.SequenceEqual("UNKNOWN"u8))
            return true;

        var expected = family.SequenceEqual("TCP4"u8) ? AddressFamily.InterNetwork
            : family.SequenceEqual("TCP6"u8) ? AddressFamily.InterNetworkV6
            : AddressFamily.Unknown;
        if (expected == AddressFamily.Unknown || count != 5
            || !TryParse(fields[parts[1]], fields[parts[3]], expected, out var source)
            || !TryParse(fields[parts[2]], fields[parts[4]], expected, out var destination))
            return false;

        header = new ProxyHeader(source, destination);
        return true;
    }

    private static bool TryParse(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port, AddressFamily family, out IPEndPoint? endPoint)
    {
        endPoint = null;
        // IPAddress accepts "1.2" and "[::1]" too; the specification doesn't.
        if (family == AddressFamily.InterNetwork ? address.Count((byte)'.') != 3 : address.ContainsAny("[]%"u8))
            return false;
        if (!IPAddress.TryParse(Encoding.ASCII.GetString(address), out var ip) || ip.AddressFamily != family)
            return false;
        if (!Utf8Parser.TryParse(port, out ushort number, out var read) || read != port.Length || port[0] is (byte)'+' or (byte)'-')
            return false;

        endPoint = new IPEndPoint(ip, number);
        return true;
    }
}
