using System.Buffers.Binary;

namespace Pico.Gossip.Wire;

/// <summary>
/// Writes the sections of a payload: each is its <see cref="Section"/> (8 bits), the length of its body (16 bits, big endian), the body. The caller looks at
/// <see cref="Room"/> before it writes.
/// </summary>
internal ref struct PayloadWriter(Span<byte> target)
{
    /// <summary>What a section has besides its body.</summary>
    public const int SectionOverhead = 3;

    /// <summary>What a variable-length integer has at the most.</summary>
    public const int MaxVarInt = 10;

    private readonly Span<byte> _target = target;
    private int _section = -1;

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes that are still free.</summary>
    public readonly int Room => _target.Length - Length;

    public void Begin(Section section)
    {
        _target[Length] = (byte)section;
        _section = Length;
        Length += SectionOverhead;
    }

    /// <summary>Ends a section; one without a body is taken back. True if it stays.</summary>
    public bool End()
    {
        var body = Length - _section - SectionOverhead;
        if (body == 0)
            Length = _section;
        else
            BinaryPrimitives.WriteUInt16BigEndian(_target[(_section + 1)..], (ushort)body);
        _section = -1;
        return body > 0;
    }

    public void Byte(byte value) => _target[Length++] = value;

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_target[Length..], value);
        Length += sizeof(ushort);
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_target[Length..], value);
        Length += sizeof(uint);
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_target[Length..], value);
        Length += sizeof(ulong);
    }

    /// <summary>Seven bits a byte, the low ones first.</summary>
    public void VarInt(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _target[Length++] = (byte)(value | 0x80);
        _target[Length++] = (byte)value;
    }

    public void Bytes(scoped ReadOnlySpan<byte> value)
    {
        value.CopyTo(_target[Length..]);
        Length += value.Length;
    }

    /// <summary>What was written so far.</summary>
    public readonly ReadOnlySpan<byte> Written => _target[..Length];

    /// <summary>Overwrites a byte that was written before.</summary>
    public readonly void Patch(int position, byte value) => _target[position] = value;

    /// <summary>Overwrites eight bytes that were written before.</summary>
    public readonly void Patch(int position, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(_target[position..], value);

    /// <summary>Takes back everything after a length that was reached before.</summary>
    public void Rewind(int length) => Length = length;
}
