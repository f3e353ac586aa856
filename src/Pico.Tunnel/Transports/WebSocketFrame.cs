using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Pico.Tunnel.Transports;

/// <summary>
/// The wire of WebSockets (RFC 6455 section 5.2): the header before each frame's payload, and the mask over what a client sends.
/// <code>
///  0               1               2 …
/// +-+-------+-----+-+-------------+-------------------+--------------------+
/// |F| rsv 0 | op  |M| length (7)  | length (16 or 64) | mask (32), if M    |
/// +-+-------+-----+-+-------------+-------------------+--------------------+
/// </code>
/// </summary>
internal readonly record struct WebSocketFrame(WebSocketOpcode Opcode, bool IsFinal, bool IsMasked, uint Mask, long Length)
{
    /// <summary>The size of the longest header: two bytes, eight of length, four of mask.</summary>
    public const int MaxHeader = 14;

    /// <summary>The greatest payload of a close, ping or pong.</summary>
    public const int MaxControlPayload = 125;

    /// <summary>True for close, ping and pong, which may come between the parts of a message.</summary>
    public bool IsControl => Opcode >= WebSocketOpcode.Close;

    /// <summary>
    /// Reads the header at the beginning of <paramref name="source"/> and gives its size; 0 when it is not there whole. Throws
    /// <see cref="TunnelException"/> for what no sender may send.
    /// </summary>
    public static int Read(ReadOnlySpan<byte> source, out WebSocketFrame frame)
    {
        frame = default;
        if (source.Length < 2)
            return 0;
        var masked = (source[1] & 0x80) != 0;
        var (length, size) = (source[1] & 0x7F) switch
        {
            126 => (-1L, 4),
            127 => (-1L, 10),
            var small => ((long)small, 2),
        };
        if (source.Length < size + (masked ? 4 : 0))
            return 0;
        if (length < 0)
            length = size == 4 ? BinaryPrimitives.ReadUInt16BigEndian(source[2..]) : BinaryPrimitives.ReadInt64BigEndian(source[2..]);
        frame = new WebSocketFrame((WebSocketOpcode)(source[0] & 0x0F), (source[0] & 0x80) != 0, masked, masked ? MemoryMarshal.Read<uint>(source[size..]) : 0, length);
        if ((source[0] & 0x70) != 0 || length < 0 || (frame.IsControl && (!frame.IsFinal || length > MaxControlPayload)))
            throw new TunnelException(Protocol.TunnelError.ProtocolError, "the peer sent a WebSocket frame with a malformed header");
        return size + (masked ? 4 : 0);
    }

    /// <summary>The size of the header that <see cref="Write"/> writes.</summary>
    public int HeaderSize => (Length <= 125 ? 2 : Length <= ushort.MaxValue ? 4 : 10) + (IsMasked ? 4 : 0);

    /// <summary>Writes the header to the beginning of <paramref name="target"/>, at least <see cref="HeaderSize"/> bytes.</summary>
    public void Write(Span<byte> target)
    {
        target[0] = (byte)((IsFinal ? 0x80 : 0) | (byte)Opcode);
        var size = 2;
        if (Length <= 125)
        {
            target[1] = (byte)Length;
        }
        else if (Length <= ushort.MaxValue)
        {
            target[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)Length);
            size = 4;
        }
        else
        {
            target[1] = 127;
            BinaryPrimitives.WriteInt64BigEndian(target[2..], Length);
            size = 10;
        }

        if (!IsMasked)
            return;
        target[1] |= 0x80;
        MemoryMarshal.Write(target[size..], Mask);
    }

    /// <summary>
    /// Masks or unmasks <paramref name="data"/> in place. <paramref name="mask"/> is as read from the wire, its first byte in memory the first to use; gives
    /// the mask for what follows in the same frame.
    /// </summary>
    public static uint ApplyMask(Span<byte> data, uint mask)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(data);
        var wide = Vector.AsVectorByte(new Vector<uint>(mask));
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] ^= wide;
        var rest = data[(vectors.Length * Vector<byte>.Count)..];
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, mask);
        for (var i = 0; i < rest.Length; i++)
            rest[i] ^= bytes[i & 3];
        var turn = (rest.Length & 3) * 8;
        return BitConverter.IsLittleEndian ? BitOperations.RotateRight(mask, turn) : BitOperations.RotateLeft(mask, turn);
    }
}
