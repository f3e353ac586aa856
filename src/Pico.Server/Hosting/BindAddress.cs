using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Pico.Server.Hosting;

/// <summary>An address to listen on: <c>[host]:port</c>, the host an IP address, <c>localhost</c>, or missing: all addresses, of both families.</summary>
internal sealed record BindAddress(IPEndPoint EndPoint, bool IsAny)
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "[host]:port, the host an IP address (IPv6 in brackets) or 'localhost', or left out for all addresses; port 0 to 65535, 0 takes a free one";

    /// <summary>Reads <paramref name="text"/>; false if it is no such address.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out BindAddress? address)
    {
        address = null;
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return false;

        var host = text[..colon];
        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        var ip = host switch
        {
            "" or "*" => IPAddress.IPv6Any,
            "localhost" => IPAddress.Loopback,
            _ => IPAddress.TryParse(isBracketed ? host[1..^1] : host, out var parsed) && isBracketed == host.Contains(':') ? parsed : null,
        };
        address = ip is null ? null : new BindAddress(new IPEndPoint(ip, port), host is "" or "*");
        return address is not null;
    }
}
