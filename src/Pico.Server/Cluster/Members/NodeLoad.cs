using System.Buffers.Binary;

namespace Pico.Server.Cluster.Members;

/// <summary>How busy a node is, in the gossip under <see cref="Key"/>: told apart from <see cref="NodeFacts"/>, for it changes often. Four bytes, big-endian; more may follow.</summary>
/// <param name="Tunnels">Tunnels of agents that end there, those that the agents have left excluded.</param>
internal readonly record struct NodeLoad(int Tunnels)
{
    /// <summary>The key in the gossip.</summary>
    public const string Key = ".load";

    /// <summary>As a value of the gossip.</summary>
    public byte[] Encode()
    {
        var value = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(value, Tunnels);
        return value;
    }

    /// <summary>Zero if the value is none that this version understands.</summary>
    public static NodeLoad Decode(ReadOnlySpan<byte> value) =>
        value.Length < sizeof(int) ? default : new NodeLoad(Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(value)));
}
