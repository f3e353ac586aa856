using System.Buffers.Binary;
using System.Text;

namespace Pico.Tunnel.Protocol;

/// <summary>
/// Writes the fields of a control frame: each is its number (8 bits), the length of its value (16 bits), the value.
/// The span is large enough for what the caller has checked; what is longer than a limit is cut at a character.
/// </summary>
internal ref struct FieldWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    public void Bytes(byte field, scoped ReadOnlySpan<byte> value)
    {
        Begin(field, value.Length);
        value.CopyTo(_target[Length..]);
        Length += value.Length;
    }

    /// <summary>Writes text, at most <paramref name="maxBytes"/> of UTF-8; an empty text is not written.</summary>
    public void Text(byte field, string value, int maxBytes)
    {
        if (value.Length == 0)
            return;
        Span<byte> encoded = stackalloc byte[maxBytes];
        Encoding.UTF8.GetEncoder().Convert(value, encoded, flush: true, out _, out var bytes, out _);
        Bytes(field, encoded[..bytes]);
    }

    public void UInt32(byte field, uint value)
    {
        Begin(field, sizeof(uint));
        BinaryPrimitives.WriteUInt32BigEndian(_target[Length..], value);
        Length += sizeof(uint);
    }

    public void UInt16(byte field, ushort value)
    {
        Begin(field, sizeof(ushort));
        BinaryPrimitives.WriteUInt16BigEndian(_target[Length..], value);
        Length += sizeof(ushort);
    }

    public void UInt8(byte field, byte value)
    {
        Begin(field, 1);
        _target[Length++] = value;
    }

    private void Begin(byte field, int length)
    {
        _target[Length] = field;
        BinaryPrimitives.WriteUInt16BigEndian(_target[(Length + 1)..], (ushort)length);
        Length += 3;
    }
}
