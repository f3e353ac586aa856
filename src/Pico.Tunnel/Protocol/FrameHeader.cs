using System.Buffers.Binary;

namespace Pico.Tunnel.Protocol;

/// <summary>
/// The eight bytes before every payload, in network byte order:
/// <code>
///  0               1               2               3
/// +---------------+---------------+-------------------------------+
/// |   type (8)    |   flags (8)   |      payload length (16)      |
/// +---------------+---------------+-------------------------------+
/// |       stream or registration ID (32), 0 for the tunnel        |
/// +---------------------------------------------------------------+
/// </code>
/// </summary>
internal readonly record struct FrameHeader(FrameType Type, byte Flags, ushort Length, uint Id)
{
    /// <summary>The size of a header in bytes.</summary>
    public const int Size = 8;

    /// <summary>On DATA: nothing more comes in this direction (half-close).</summary>
    public const byte Fin = 0x01;

    /// <summary>The greatest DATA payload that is sent. Any up to 65,535 is received.</summary>
    public const int MaxDataSent = 32 * 1024;

    /// <summary>The greatest payload of a frame of a known kind other than DATA.</summary>
    public const int MaxControlPayload = 16 * 1024;

    /// <summary>True if DATA carries <see cref="Fin"/>.</summary>
    public bool IsFin => (Flags & Fin) != 0;

    /// <summary>Reads the header at the beginning of <paramref name="source"/>, at least <see cref="Size"/> bytes.</summary>
    public static FrameHeader Read(ReadOnlySpan<byte> source) => new(
        (FrameType)source[0],
        source[1],
        BinaryPrimitives.ReadUInt16BigEndian(source[2..]),
        BinaryPrimitives.ReadUInt32BigEndian(source[4..]));

    /// <summary>Writes the header to the beginning of <paramref name="target"/>, at least <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], Id);
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], Length);
        target[1] = Flags;
        target[0] = (byte)Type;
    }
}
