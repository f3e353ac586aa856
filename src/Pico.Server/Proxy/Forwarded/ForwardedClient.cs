using System.Buffers;
using System.Net;
using System.Text;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.Forwarded;

/// <summary>Finds the client in what a trusted proxy says: the last address that is not a trusted proxy's own, since only up to there the list is believed.</summary>
internal static class ForwardedClient
{
    private const int MaxAddress = 64; // of an IPv6 address with scope and port

    /// <summary>
    /// Looks through <paramref name="xForwardedFor"/>, or, if there is none, through <paramref name="forwarded"/> (RFC 7239). Null if neither has an address.
    /// </summary>
    public static IPAddress? Find(ReadOnlySpan<byte> xForwardedFor, ReadOnlySpan<byte> forwarded, TrustedNetworks proxies)
    {
        var list = xForwardedFor.IsEmpty ? forwarded : xForwardedFor;
        IPAddress? client = null;
        while (!list.IsEmpty)
        {
            var comma = list.LastIndexOf((byte)',');
            var item = HttpChars.Trim(list[(comma + 1)..]);
            list = comma < 0 ? default : list[..comma];
            if (!TryParse(xForwardedFor.IsEmpty ? For(item) : item, out var address))
                break;
            client = address;
            if (!proxies.Contains(address))
                break;
        }

        return client;
    }

    /// <summary>The node behind <c>for=</c> in one element of Forwarded, without its quotes; empty if there is none.</summary>
    private static ReadOnlySpan<byte> For(ReadOnlySpan<byte> element)
    {
        foreach (var range in element.Split((byte)';'))
        {
            var pair = HttpChars.Trim(element[range]);
            if (pair.Length > 4 && Ascii.EqualsIgnoreCase(pair[..4], "for="u8))
                return pair[4..].Trim((byte)'"');
        }

        return default;
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out IPAddress address)
    {
        address = IPAddress.None;
        Span<char> chars = stackalloc char[MaxAddress];
        if (text.Length > MaxAddress || Ascii.ToUtf16(text, chars, out var length) != OperationStatus.Done || !IPEndPoint.TryParse(chars[..length], out var endPoint))
            return false;
        address = endPoint.Address;
        return true;
    }
}
