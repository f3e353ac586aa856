using System.Buffers;

namespace Pico.Server.Proxy.Connections;

/// <summary>What a connection's first bytes say it speaks.</summary>
internal enum FirstBytesKind
{
    /// <summary>Too few bytes to know.</summary>
    Undecided,

    /// <summary>HTTP/2 by prior knowledge.</summary>
    Http2,

    /// <summary>A TLS handshake on a port without TLS.</summary>
    Tls,

    /// <summary>Anything else: HTTP/1.1, or an error that its parser explains.</summary>
    Http1,
}

/// <summary>Tells protocols apart by a connection's first bytes.</summary>
internal static class FirstBytes
{
    /// <summary>The client's connection preface (RFC 9113 3.4).</summary>
    public static ReadOnlySpan<byte> Http2Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Decides, with as few bytes as possible.</summary>
    public static FirstBytesKind Decide(in ReadOnlySequence<byte> start)
    {
        var length = (int)Math.Min(start.Length, Http2Preface.Length);
        Span<byte> first = stackalloc byte[length];
        start.Slice(0, length).CopyTo(first);

        if (first.IsEmpty)
            return FirstBytesKind.Undecided;
        if (Http2Preface.StartsWith(first))
            return length == Http2Preface.Length ? FirstBytesKind.Http2 : FirstBytesKind.Undecided;

        // A TLS record of type handshake (22), any 3.x version (RFC 8446 5.1). No HTTP method begins with this byte.
        return first[0] == 0x16 ? FirstBytesKind.Tls : FirstBytesKind.Http1;
    }
}
