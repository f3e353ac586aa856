using System.Globalization;
using System.Net;

namespace Pico.Agent.Dialing;

/// <summary>
/// The value of <c>NO_PROXY</c>: names and addresses that are reached directly, separated by commas. <c>example.com</c> means the name and all below it,
/// <c>.example.com</c> (or <c>*.example.com</c>) only what is below, <c>10.0.0.0/8</c> a network, <c>*</c> everything; each may end in <c>:port</c>.
/// </summary>
internal static class NoProxyList
{
    /// <summary>True if <paramref name="list"/> names <paramref name="host"/> (no brackets around an IPv6 address).</summary>
    public static bool Contains(string list, string host, int port)
    {
        var isAddress = IPAddress.TryParse(host, out var address);
        foreach (var entry in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (entry == "*")
                return true;
            var (name, itsPort) = Split(entry);
            if (itsPort is not null && itsPort != port)
                continue;
            if (isAddress ? IsOf(name, address!) : IsBelow(name, host.TrimEnd('.')))
                return true;
        }

        return false;
    }

    private static bool IsOf(string entry, IPAddress address) =>
        IPNetwork.TryParse(entry, out var network) ? network.Contains(address) : IPAddress.TryParse(entry, out var same) && same.Equals(address);

    private static bool IsBelow(string entry, string host)
    {
        var suffix = entry.StartsWith("*.", StringComparison.Ordinal) ? entry[1..] : entry;
        return suffix.StartsWith('.')
            ? host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
            : host.Equals(suffix, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + suffix, StringComparison.OrdinalIgnoreCase);
    }

    // An IPv6 address has colons of its own: with a port it stands in brackets.
    private static (string Name, int? Port) Split(string entry)
    {
        var colon = entry.LastIndexOf(':');
        var hasPort = colon > 0 && (entry[colon - 1] == ']' || entry.IndexOf(':', StringComparison.Ordinal) == colon);
        if (!hasPort || !int.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return (entry.Trim('[', ']'), null);
        return (entry[..colon].Trim('[', ']'), port);
    }
}
