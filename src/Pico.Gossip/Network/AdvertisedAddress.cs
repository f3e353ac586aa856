using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Pico.Gossip.Network;

/// <summary>Finds the address at which others reach this node, where none is configured.</summary>
internal static class AdvertisedAddress
{
    /// <summary>
    /// The bound address if it is a single one; else the local address of the way to one of the targets; else the address of the first interface that is up; else loopback.
    /// </summary>
    public static IPEndPoint Find(IPEndPoint bound, IEnumerable<IPEndPoint> targets)
    {
        var address = bound.Address;
        if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
            return bound;
        var allowed = bound.AddressFamily == AddressFamily.InterNetworkV6 ? (AddressFamily?)null : AddressFamily.InterNetwork;
        var found = targets.Select(LocalAddressTowards).FirstOrDefault(a => a is not null && IsUsable(a, allowed)) ?? FirstOfInterfaces(allowed) ?? IPAddress.Loopback;
        return new IPEndPoint(found, bound.Port);
    }

    /// <summary>A UDP socket that is connected has chosen its local address, and sent nothing.</summary>
    private static IPAddress? LocalAddressTowards(IPEndPoint target)
    {
        try
        {
            using var socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(target);
            return (socket.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            return null; // no way there from here
        }
    }

    private static IPAddress? FirstOfInterfaces(AddressFamily? allowed)
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(i => i.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address)
                .OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
                .FirstOrDefault(a => IsUsable(a, allowed));
        }
        catch (NetworkInformationException)
        {
            return null;
        }
    }

    private static bool IsUsable(IPAddress address, AddressFamily? allowed) =>
        (allowed is null || address.AddressFamily == allowed) && !address.IsIPv6LinkLocal && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
}
