using System.Buffers.Binary;
using System.Text;

namespace Pico.Tunnel.Protocol;

/// <summary>Reads the fields of a control frame. Fields that the caller does not know are skipped by calling <see cref="Next"/> again.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> source)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = source;
    private ReadOnlySpan<byte> _value;

    /// <summary>The number of the field that <see cref="Next"/> moved to.</summary>
    public byte Field { get; private set; }

    /// <summary>Moves to the next field; false at the end. Throws <see cref="ProtocolViolationException"/> when a field is cut off.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        if (_rest.Length < 3)
            throw new ProtocolViolationException("a field is cut off");
        Field = _rest[0];
        var length = BinaryPrimitives.ReadUInt16BigEndian(_rest[1..]);
        if (_rest.Length - 3 < length)
            throw new ProtocolViolationException($"field {Field} is cut off");
        _value = _rest.Slice(3, length);
        _rest = _rest[(3 + length)..];
        return true;
    }

    public readonly ReadOnlySpan<byte> Bytes(int maxLength) =>
        _value.Length <= maxLength ? _value : throw new ProtocolViolationException($"field {Field} has {_value.Length} bytes, at most {maxLength} are allowed");

    public readonly string Text(int maxBytes)
    {
        try
        {
            return StrictUtf8.GetString(Bytes(maxBytes));
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolViolationException($"field {Field} is not UTF-8");
        }
    }

    public readonly uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Exactly(sizeof(uint)));

    public readonly ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Exactly(sizeof(ushort)));

    public readonly byte UInt8() => Exactly(1)[0];

    private readonly ReadOnlySpan<byte> Exactly(int length) =>
        _value.Length == length ? _value : throw new ProtocolViolationException($"field {Field} has {_value.Length} bytes instead of {length}");
}
