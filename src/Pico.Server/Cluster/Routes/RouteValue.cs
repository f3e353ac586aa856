using System.Buffers.Binary;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Cluster.Routes;

/// <summary>
/// What a node has of one endpoint; in the gossip the value under the endpoint's ID: the protocol (1 byte, as in REGISTER) and the number of upstreams
/// (2 bytes, big-endian); more may follow.
/// </summary>
/// <param name="Protocol">What they speak.</param>
/// <param name="Count">How many upstreams there are, at least 1.</param>
internal readonly record struct RouteValue(EndpointProtocol Protocol, int Count)
{
    private const int Size = 3;

    /// <summary>As a value of the gossip.</summary>
    public byte[] Encode()
    {
        var value = new byte[Size];
        value[0] = (byte)Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(value.AsSpan(1), (ushort)Math.Clamp(Count, 1, ushort.MaxValue));
        return value;
    }

    /// <summary>False if the value is none that this version understands, such as one of a protocol that it doesn't know.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> value, out RouteValue route)
    {
        route = value.Length < Size ? default : new RouteValue((EndpointProtocol)value[0], BinaryPrimitives.ReadUInt16BigEndian(value[1..]));
        return route.Count > 0 && Enum.IsDefined(route.Protocol);
    }
}
