using System.Globalization;
using System.Text;
using Pico.Gossip;
using Pico.Server.Hosting;

namespace Pico.Server.Cluster;

/// <summary>What <see cref="ClusterOptions"/> must be like.</summary>
internal static class ClusterRules
{
    // What HELLO and the gossip have room for.
    private const int MaxZoneBytes = 128;

    /// <summary>Adds what is wrong with <paramref name="options"/> to <paramref name="errors"/>.</summary>
    public static void Check(ClusterOptions options, ICollection<OptionError> errors)
    {
        if (!AdvertisedAddress.IsValid(options.AdvertiseAddress))
            errors.Add(new("cluster.advertise-addr", options.AdvertiseAddress, AdvertisedAddress.Rule));
        foreach (var target in options.Join)
        {
            if (!IsTarget(target))
                errors.Add(new("cluster.join", target, "host[:port], a name or an IP address (IPv6 in brackets if a port follows)"));
        }

        if (options.Key.Length > 0 && !GossipKey.TryParse(options.Key, out _))
            errors.Add(new("cluster.key", "(not shown)", GossipKeys.Rule));
        if (Encoding.UTF8.GetByteCount(options.Zone) > MaxZoneBytes || options.Zone.Any(char.IsControl))
            errors.Add(new("cluster.zone", options.Zone, $"at most {MaxZoneBytes} bytes without control characters"));
    }

    private static bool IsTarget(string text)
    {
        if (AdvertisedAddress.Parse(text, 1) is { } address)
            return address.Port > 0;
        var colon = text.LastIndexOf(':');
        if (colon >= 0 && (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0))
            return false;
        return Uri.CheckHostName(colon < 0 ? text : text[..colon]) == UriHostNameType.Dns;
    }
}
