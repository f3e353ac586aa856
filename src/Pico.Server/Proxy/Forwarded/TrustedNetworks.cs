using System.Net;

namespace Pico.Server.Proxy.Forwarded;

/// <summary>The networks whose proxies are believed (<see cref="Hosting.ProxyOptions.TrustedProxies"/>).</summary>
internal sealed class TrustedNetworks
{
    private readonly IPNetwork[] _networks;

    /// <param name="networks">CIDR notation, or single addresses. Throws <see cref="FormatException"/> for anything else.</param>
    public TrustedNetworks(IReadOnlyList<string> networks)
    {
        _networks = new IPNetwork[networks.Count];
        for (var i = 0; i < _networks.Length; i++)
            _networks[i] = Parse(networks[i]);
    }

    /// <summary>True if there are none.</summary>
    public bool IsEmpty => _networks.Length == 0;

    /// <summary>True if <paramref name="address"/> lies in one of the networks. IPv4 addresses mapped into IPv6 count as IPv4.</summary>
    public bool Contains(IPAddress? address)
    {
        if (address is null || IsEmpty)
            return false;

        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        foreach (var network in _networks)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }

    private static IPNetwork Parse(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
            return network;
        if (IPAddress.TryParse(text, out var address))
            return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        throw new FormatException($"'{text}' is no network: give an address with a prefix length, such as 10.0.0.0/8 or fd00::/8.");
    }
}
