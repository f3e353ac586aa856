using System.Globalization;
using System.Net;

namespace Pico.Gossip;

/// <summary>Where to look for members: an address or a name, with or without a port.</summary>
/// <param name="Host">An IP address or a DNS name.</param>
/// <param name="Port">The port, 1 to 65535; null for the gossip port.</param>
public readonly record struct JoinTarget(string Host, int? Port)
{
    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>address</c>, <c>[address]</c> or <c>[address]:port</c>.</summary>
    public static bool TryParse(string? text, out JoinTarget target)
    {
        target = default;
        text = text?.Trim() ?? "";
        if (IPAddress.TryParse(text, out var address) && !text.StartsWith('[') && (text.Contains("::", StringComparison.Ordinal) || text.Count(c => c == ':') != 1))
        {
            target = new JoinTarget(address.ToString(), null);
            return true;
        }

        int? port = null;
        var host = text;
        var colon = text.LastIndexOf(':');
        if (colon > text.LastIndexOf(']'))
        {
            if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
                return false;
            port = number;
            host = text[..colon];
        }

        if (host is ['[', .. var inner, ']'])
        {
            if (!IPAddress.TryParse(inner, out _))
                return false;
            host = inner;
        }
        else if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }

        target = new JoinTarget(host, port);
        return true;
    }
}
