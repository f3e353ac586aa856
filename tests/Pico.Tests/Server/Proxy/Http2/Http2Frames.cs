using System.Buffers.Binary;
using System.Text;

namespace Pico.Tests.Server.Proxy.Http2;

/// <summary>Types of frames (RFC 9113 section 6).</summary>
public enum Http2Type : byte
{
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
}

/// <summary>A frame as it came.</summary>
internal sealed record Http2Frame(Http2Type Type, byte Flags, int Stream, byte[] Payload);

/// <summary>Writes frames and header blocks, right and wrong ones alike.</summary>
internal static class Http2Frames
{
    public const byte EndStream = 0x1; // also ACK
    public const byte EndHeaders = 0x4;

    /// <summary>The client's preface (RFC 9113 section 3.4) and SETTINGS that say: no dynamic table towards me, no push.</summary>
    public static byte[] Preface => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Http2Type.Settings, 0, 0, [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0])];

    public static byte[] Frame(Http2Type type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>A frame whose payload is one number, such as a RST_STREAM's error or a WINDOW_UPDATE's increment.</summary>
    public static byte[] Frame(Http2Type type, int stream, int number)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        return Frame(type, 0, stream, payload);
    }

    /// <summary>A header block (RFC 7541 section 6.2.2): every field a literal that is not indexed and not compressed, with any bytes (Latin-1).</summary>
    public static byte[] Block(IEnumerable<(string Name, string Value)> fields)
    {
        var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            Text(block, name);
            Text(block, value);
        }

        return block.ToArray();
    }

    /// <summary>The status in a response's header block that was made without a dynamic table, as Kestrel writes it: first.</summary>
    public static string Status(ReadOnlySpan<byte> block)
    {
        while ((block[0] & 0xe0) == 0x20) // a change of the table's size
            block = block[1..];
        string[] indexed = ["200", "204", "206", "304", "400", "404", "500"];
        return (block[0] & 0x80) != 0 ? indexed[(block[0] & 0x7f) - 8] : Encoding.ASCII.GetString(block.Slice(2, block[1]));
    }

    private static void Text(MemoryStream block, string text)
    {
        // RFC 7541 section 5.1, with a prefix of seven bits.
        var length = text.Length;
        if (length < 127)
        {
            block.WriteByte((byte)length);
        }
        else
        {
            block.WriteByte(127);
            for (length -= 127; length >= 128; length >>= 7)
                block.WriteByte((byte)(length | 0x80));
            block.WriteByte((byte)length);
        }

        block.Write(Encoding.Latin1.GetBytes(text));
    }
}
