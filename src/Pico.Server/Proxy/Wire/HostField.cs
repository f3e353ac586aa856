using System.Buffers;

namespace Pico.Server.Proxy.Wire;

/// <summary>Host, and the authority of an absolute target: <c>uri-host [":" port]</c> (RFC 9110 7.2, RFC 3986 3.2.2).</summary>
internal static class HostField
{
    private static readonly SearchValues<byte> NameChars =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=%"u8);

    private static readonly SearchValues<byte> AddressChars = SearchValues.Create("0123456789abcdefABCDEF:."u8);

    /// <summary>True for a valid Host; it may be empty. No user information, no path, nothing after the port.</summary>
    public static bool IsValid(ReadOnlySpan<byte> host)
    {
        var end = host.IndexOfAnyExcept(NameChars);
        if (end < 0)
            return true;
        if (host[0] != '[')
            return end > 0 && IsPort(host[end..]);

        var close = host.IndexOf((byte)']');
        return close > 2 && !host[1..close].ContainsAnyExcept(AddressChars) && (close + 1 == host.Length || IsPort(host[(close + 1)..]));
    }

    private static bool IsPort(ReadOnlySpan<byte> rest) =>
        rest[0] == ':' && rest.Length <= 6 && !rest[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
