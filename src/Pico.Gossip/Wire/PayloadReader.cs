using System.Buffers.Binary;

namespace Pico.Gossip.Wire;

/// <summary>
/// Reads a payload. What is cut off or out of range makes the reader <see cref="IsBad"/>: from then on everything reads as zero and empty, and loops end.
/// Nothing is ever allocated for a length that the input claims.
/// </summary>
internal ref struct PayloadReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> _rest = source;

    /// <summary>The input was malformed.</summary>
    public bool IsBad { get; private set; }

    /// <summary>There is more, and nothing was wrong so far.</summary>
    public readonly bool HasMore => !_rest.IsEmpty;

    /// <summary>Moves to the next section. False at the end, and when the input is malformed.</summary>
    public bool Next(out Section section, out PayloadReader body)
    {
        section = default;
        body = default;
        if (_rest.IsEmpty)
            return false;
        section = (Section)Byte();
        body = new PayloadReader(Bytes(UInt16()));
        return !IsBad;
    }

    public byte Byte() => Bytes(1) is [var value] ? value : (byte)0;

    public ushort UInt16() => Bytes(sizeof(ushort)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;

    public uint UInt32() => Bytes(sizeof(uint)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;

    public ulong UInt64() => Bytes(sizeof(ulong)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;

    /// <summary>A number that is no version and no count if it is beyond 63 bits.</summary>
    public long VarInt()
    {
        long value = 0;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var next = Byte();
            value |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        return Fail();
    }

    /// <summary>A number of 32 bits.</summary>
    public uint VarUInt32()
    {
        var value = VarInt();
        return value <= uint.MaxValue ? (uint)value : (uint)Fail();
    }

    public ReadOnlySpan<byte> Bytes(int length)
    {
        if (_rest.Length < length)
        {
            Fail();
            return default;
        }

        var bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }

    /// <summary>Marks the input as malformed.</summary>
    public long Fail()
    {
        IsBad = true;
        _rest = default;
        return 0;
    }
}
