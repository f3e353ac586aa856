using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Pico.Gossip.Wire;

/// <summary>What an update says of a member.</summary>
internal enum UpdateKind : byte
{
    Alive = 1,
    Suspect = 2,
    Failed = 3,
    Left = 4,
    Replaced = 5,
    Declared = 6,
}

/// <summary>All that is known of a life but its state and its values.</summary>
/// <param name="Life">Which.</param>
/// <param name="Tag">Short for the life in packets: see <see cref="MemberUpdate.TagOf"/>.</param>
/// <param name="Address">Where it is reached.</param>
/// <param name="Versions">The protocol versions that it speaks: low in the high byte, high in the low byte.</param>
internal sealed record MemberRecord(NodeLife Life, ulong Tag, IPEndPoint Address, ushort Versions)
{
    /// <summary>What this build speaks: version 1 alone.</summary>
    public const ushort OwnVersions = 0x0101;

    /// <summary>There is a version that both sides speak.</summary>
    public bool IsCompatible => (Versions >> 8) <= (OwnVersions & 0xFF) && (Versions & 0xFF) >= (OwnVersions >> 8);
}

/// <summary>
/// The wire form of an update: kind (8 bits), length (8 bits), body. What follows the known fields of a body, and kinds that are not known, are skipped.
/// <code>
///   all      tag (64) · incarnation (varint)
///   Alive    besides: start (64) · versions (16) · port (16) · address (length 8, bytes) · node ID (length 8, UTF-8)
/// </code>
/// </summary>
internal static class MemberUpdate
{
    /// <summary>What an update of another kind than Alive has at the most.</summary>
    public const int MaxShort = 2 + 8 + 5;

    /// <summary>What an update has at the most.</summary>
    public const int MaxLong = MaxShort + 8 + 2 + 2 + 1 + 16 + 1 + NodeLife.MaxNodeIdBytes;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The first 64 bits of SHA-256 of node ID and start: what stands for a life in packets.</summary>
    public static ulong TagOf(NodeLife life)
    {
        Span<byte> text = stackalloc byte[NodeLife.MaxNodeIdBytes + sizeof(long)];
        var length = Encoding.UTF8.GetBytes(life.NodeId, text);
        BinaryPrimitives.WriteInt64BigEndian(text[length..], life.Start);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..(length + sizeof(long))], hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }

    public static void Write(ref PayloadWriter writer, UpdateKind kind, MemberRecord record, uint incarnation)
    {
        if (kind != UpdateKind.Alive)
        {
            WriteShort(ref writer, kind, record.Tag, incarnation);
            return;
        }

        var start = writer.Length;
        writer.Byte((byte)kind);
        writer.Byte(0);
        WriteRecord(ref writer, record, incarnation);
        writer.Patch(start + 1, (byte)(writer.Length - start - 2));
    }

    public static void WriteShort(ref PayloadWriter writer, UpdateKind kind, ulong tag, uint incarnation)
    {
        var start = writer.Length;
        writer.Byte((byte)kind);
        writer.Byte(0);
        writer.UInt64(tag);
        writer.VarInt(incarnation);
        writer.Patch(start + 1, (byte)(writer.Length - start - 2));
    }

    public static void WriteRecord(ref PayloadWriter writer, MemberRecord record, uint incarnation)
    {
        writer.UInt64(record.Tag);
        writer.VarInt(incarnation);
        writer.UInt64((ulong)record.Life.Start);
        writer.UInt16(record.Versions);
        WriteAddress(ref writer, record.Address);
        Span<byte> id = stackalloc byte[NodeLife.MaxNodeIdBytes];
        var length = Encoding.UTF8.GetBytes(record.Life.NodeId, id);
        writer.Byte((byte)length);
        writer.Bytes(id[..length]);
    }

    public static void WriteAddress(ref PayloadWriter writer, IPEndPoint address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.Address.TryWriteBytes(bytes, out var length);
        writer.UInt16((ushort)address.Port);
        writer.Byte((byte)length);
        writer.Bytes(bytes[..length]);
    }

    /// <summary>Reads the body of a greeting. Null if it is malformed.</summary>
    public static MemberRecord? ReadRecord(ref PayloadReader reader, out uint incarnation)
    {
        var tag = reader.UInt64();
        incarnation = reader.VarUInt32();
        return ReadRecord(ref reader, tag);
    }

    /// <summary>Reads what follows tag and incarnation in an Alive update. Null if it is malformed, or is not the life of the tag.</summary>
    public static MemberRecord? ReadRecord(ref PayloadReader reader, ulong tag)
    {
        var start = (long)reader.UInt64();
        var versions = reader.UInt16();
        var address = ReadAddress(ref reader);
        var id = reader.Bytes(reader.Byte());
        if (reader.IsBad || address is null || id.IsEmpty || id.Length > NodeLife.MaxNodeIdBytes)
            return null;
        try
        {
            var life = new NodeLife(StrictUtf8.GetString(id), start);
            return TagOf(life) == tag ? new MemberRecord(life, tag, address, versions) : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Null if there is no address, or none that anybody could be reached at.</summary>
    public static IPEndPoint? ReadAddress(ref PayloadReader reader)
    {
        var port = reader.UInt16();
        var bytes = reader.Bytes(reader.Byte());
        if (reader.IsBad || bytes.Length is not (4 or 16) || port == 0)
            return null;
        var address = new IPAddress(bytes);
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
    }
}
