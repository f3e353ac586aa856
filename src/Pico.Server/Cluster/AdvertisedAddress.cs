using System.Net;

namespace Pico.Server.Cluster;

/// <summary>Reads <see cref="ClusterOptions.AdvertiseAddress"/>.</summary>
internal static class AdvertisedAddress
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "address[:port], an IP address that other nodes reach (IPv6 in brackets if a port follows)";

    /// <summary>True if <paramref name="text"/> is empty or an address that others can use.</summary>
    public static bool IsValid(string text) => text.Length == 0 || Parse(text, 1) is { Port: > 0 } parsed && !IsAny(parsed.Address);

    /// <summary>The address; with <paramref name="port"/> if it names none; null if it is empty or malformed.</summary>
    public static IPEndPoint? Parse(string text, int port)
    {
        if (IPAddress.TryParse(text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text, out var address))
            return new IPEndPoint(address, port);
        return IPEndPoint.TryParse(text, out var endPoint) ? endPoint : null;
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
