using System.Buffers.Binary;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Cluster.Routes;

/// <summary>
/// What a node has of one endpoint; in the gossip the value under the endpoint's ID: the protocol (1 byte, as in REGISTER), the number of upstreams
/// (2 bytes, big-endian), and the withdrawals (the same); more may follow.
/// </summary>
/// <param name="Protocol">What they speak.</param>
/// <param name="Count">How many upstreams there are, at least 1.</param>
/// <param name="Withdrawals">Another number each time that an upstream was withdrawn: idle streams there may lead to one that is gone.</param>
internal readonly record struct RouteValue(EndpointProtocol Protocol, int Count, ushort Withdrawals = 0)
{
    private const int MinSize = 3;
    private const int Size = 5;

    /// <summary>As a value of the gossip.</summary>
    public byte[] Encode()
    {
        var value = new byte[Size];
        value[0] = (byte)Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(value.AsSpan(1), (ushort)Math.Clamp(Count, 1, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16BigEndian(value.AsSpan(MinSize), Withdrawals);
        return value;
    }

    /// <summary>False if the value is none that this version understands, such as one of a protocol that it doesn't know.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> value, out RouteValue route)
    {
        var withdrawals = value.Length < Size ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(value[MinSize..]);
        route = value.Length < MinSize ? default : new RouteValue((EndpointProtocol)value[0], BinaryPrimitives.ReadUInt16BigEndian(value[1..]), withdrawals);
        return route.Count > 0 && Enum.IsDefined(route.Protocol);
    }
}
