using System.Buffers;
using System.Buffers.Binary;

namespace Pico.Server.Tcp.Sni;

/// <summary>What <see cref="ClientHello.Read"/> found.</summary>
internal enum ClientHelloKind
{
    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>A whole ClientHello with a server name.</summary>
    Named,

    /// <summary>A whole ClientHello without a server name.</summary>
    Unnamed,

    /// <summary>Not TLS, not a ClientHello, or malformed.</summary>
    Invalid,

    /// <summary>Longer than any honest ClientHello.</summary>
    TooLong,
}

/// <summary>
/// Finds the server name in a TLS ClientHello, without keeping or changing anything:
/// <code>
///   record (RFC 8446 5.1)     22 | version 2 | length 2 | fragment …          one or more
///   handshake (4)             1  | length 3  | body …                         may be spread over records
///   ClientHello (4.1.2)       version 2 | random 32 | session id &lt;1&gt; | cipher suites &lt;2&gt; | compression &lt;1&gt; | extensions &lt;2&gt;
///   extension                 type 2 | data &lt;2&gt;                              0 is server_name, unknown ones (GREASE, RFC 8701) are passed over
///   server_name (RFC 6066 3)  list &lt;2&gt; of: type 1 | name &lt;2&gt;                 type 0 is a host name
/// </code>
/// where &lt;n&gt; is a length of n bytes and what it counts.
/// </summary>
internal static class ClientHello
{
    /// <summary>The longest handshake message taken. With post-quantum key shares and a session ticket they come to 2–4 KiB.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>The most bytes looked at: leaves room for the headers of a message that was cut into records of 64 bytes.</summary>
    public const int MaxTotal = MaxLength + MaxLength / 8;

    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const int RecordHeader = 5;
    private const int MessageHeader = 4;

    /// <summary>
    /// Reads the beginning of a connection. <paramref name="name"/> is filled with <paramref name="nameLength"/> bytes if the kind is
    /// <see cref="ClientHelloKind.Named"/>; <paramref name="needed"/> says from how many bytes on another try makes sense if it is incomplete.
    /// </summary>
    public static ClientHelloKind Read(in ReadOnlySequence<byte> start, Span<byte> name, out int nameLength, out long needed)
    {
        nameLength = 0;
        var message = ArrayPool<byte>.Shared.Rent(MaxLength);
        try
        {
            var kind = Assemble(start, message, out var length, out needed);
            return kind == ClientHelloKind.Named ? FindName(message.AsSpan(MessageHeader, length - MessageHeader), name, out nameLength) : kind;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    // Puts the fragments of the records together until the message is whole. Named means just that here.
    private static ClientHelloKind Assemble(in ReadOnlySequence<byte> start, Span<byte> message, out int length, out long needed)
    {
        var reader = new SequenceReader<byte>(start);
        var have = 0;
        length = 0;
        Span<byte> header = stackalloc byte[RecordHeader];
        while (true)
        {
            needed = reader.Consumed + RecordHeader;
            var peeked = (int)Math.Min(reader.Remaining, RecordHeader);
            reader.TryCopyTo(header[..peeked]);
            if ((peeked > 0 && header[0] != HandshakeRecord) || (peeked > 1 && header[1] != 3))
                return ClientHelloKind.Invalid;
            if (peeked < RecordHeader)
                return reader.Consumed + RecordHeader > MaxTotal ? ClientHelloKind.TooLong : ClientHelloKind.Incomplete;

            int fragment = BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
            if (fragment is 0 or > 16384)
                return ClientHelloKind.Invalid;
            if (have + fragment > MaxLength || reader.Consumed + RecordHeader + fragment > MaxTotal)
                return ClientHelloKind.TooLong;

            reader.Advance(RecordHeader);
            needed = reader.Consumed + fragment;
            var available = (int)Math.Min(fragment, reader.Remaining);
            reader.TryCopyTo(message.Slice(have, available));
            have += available;

            if (have > 0 && message[0] != ClientHelloMessage)
                return ClientHelloKind.Invalid;
            if (have >= MessageHeader)
            {
                length = MessageHeader + (message[1] << 16 | message[2] << 8 | message[3]);
                if (length > MaxLength)
                    return ClientHelloKind.TooLong;
                if (have >= length)
                    return ClientHelloKind.Named;
            }

            if (available < fragment)
                return ClientHelloKind.Incomplete;
            reader.Advance(fragment);
        }
    }

    private static ClientHelloKind FindName(ReadOnlySpan<byte> body, Span<byte> name, out int nameLength)
    {
        nameLength = 0;
        const int versionAndRandom = 2 + 32;
        if (body.Length < versionAndRandom)
            return ClientHelloKind.Invalid;

        var rest = body[versionAndRandom..];
        if (!TryTake(ref rest, 1, out _) || !TryTake(ref rest, 2, out _) || !TryTake(ref rest, 1, out _))
            return ClientHelloKind.Invalid;
        if (rest.IsEmpty)
            return ClientHelloKind.Unnamed; // TLS before 1.3 may have no extensions at all
        if (!TryTake(ref rest, 2, out var extensions) || !rest.IsEmpty)
            return ClientHelloKind.Invalid;

        while (extensions.Length >= 2)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TryTake(ref extensions, 2, out var data))
                return ClientHelloKind.Invalid;
            if (type == 0)
                return ReadServerName(data, name, out nameLength);
        }

        return extensions.IsEmpty ? ClientHelloKind.Unnamed : ClientHelloKind.Invalid;
    }

    private static ClientHelloKind ReadServerName(ReadOnlySpan<byte> data, Span<byte> name, out int nameLength)
    {
        nameLength = 0;
        if (!TryTake(ref data, 2, out var list) || !data.IsEmpty)
            return ClientHelloKind.Invalid;

        while (!list.IsEmpty)
        {
            var type = list[0];
            list = list[1..];
            if (!TryTake(ref list, 2, out var entry))
                return ClientHelloKind.Invalid;
            if (type != 0)
                continue;
            if (entry.IsEmpty || !entry.TryCopyTo(name))
                return ClientHelloKind.Invalid;
            nameLength = entry.Length;
            return ClientHelloKind.Named;
        }

        return ClientHelloKind.Unnamed;
    }

    // Takes a length of lengthBytes bytes, and what it counts, from the front of rest.
    private static bool TryTake(ref ReadOnlySpan<byte> rest, int lengthBytes, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length < lengthBytes)
            return false;
        var length = lengthBytes == 1 ? rest[0] : BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length - lengthBytes < length)
            return false;
        taken = rest.Slice(lengthBytes, length);
        rest = rest[(lengthBytes + length)..];
        return true;
    }
}
