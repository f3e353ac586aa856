using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Pico.Agent.Net;

/// <summary>Reads an address to listen on, <c>[host]:port</c>; without a host it is all addresses. The host is an IP address or <c>localhost</c>.</summary>
public static class BindAddressParser
{
    /// <summary>Gives the address, or false if <paramref name="text"/> is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        ArgumentNullException.ThrowIfNull(text);
        endPoint = null;
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > ushort.MaxValue)
            return false;
        var host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
            host = host[1..^1];
        var address = host switch
        {
            "" or "*" => IPAddress.IPv6Any,
            "localhost" => IPAddress.Loopback,
            _ => IPAddress.TryParse(host, out var parsed) ? parsed : null,
        };
        if (address is null)
            return false;
        endPoint = new IPEndPoint(address, port);
        return true;
    }
}
