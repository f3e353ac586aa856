using System.Buffers;
using System.Net;
using System.Text;

namespace Pico.Server.Proxy.Forwarded;

/// <summary>
/// The trail of proxies of one request after another on a connection: <see cref="Reset"/>, <see cref="TryTake(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/> for each
/// header that came, then <see cref="WriteTo"/> gives those to send. Not for two requests at a time.
/// <code>
///   from a stranger       what came, also of other X-Forwarded-… and X-Real-IP, is dropped; X-Forwarded-For, -Proto, -Host and Forwarded are set
///   from a trusted proxy  X-Forwarded-For and Forwarded are appended to; -Proto, -Host, -Port are kept, and set if missing (-Port isn't).
///                         If it sent only one of the families (X-Forwarded-*, Forwarded) the other is not begun: it would name the proxy as the client.
/// </code>
/// </summary>
internal sealed class ForwardedTrail(ForwardedHop hop)
{
    private static readonly SearchValues<byte> TokenChars =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"u8);

    private readonly ArrayBufferWriter<byte>?[] _taken = new ArrayBufferWriter<byte>?[ForwardedHeaderNames.Count];
    private readonly ArrayBufferWriter<byte> _own = new();
    private byte[] _ownHost = [];

    /// <summary>Forgets the last request's headers.</summary>
    public void Reset()
    {
        if (!hop.IsTrusted)
            return;
        foreach (var value in _taken)
            value?.ResetWrittenCount();
    }

    /// <summary>True if the header is one of the trail's, so that the caller must not send it itself.</summary>
    public bool TryTake(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!ForwardedHeaderNames.TryFind(name, out var header))
            return !hop.IsTrusted && ForwardedHeaderNames.IsOfFamily(name);

        if (hop.IsTrusted && !value.IsEmpty)
        {
            var taken = Begin(header);
            taken.Write(value);
        }

        return true;
    }

    /// <inheritdoc cref="TryTake(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public bool TryTake(string name, string value)
    {
        if (!ForwardedHeaderNames.TryFind(name, out var header))
            return !hop.IsTrusted && ForwardedHeaderNames.IsOfFamily(name);

        if (hop.IsTrusted && value.Length > 0)
        {
            var taken = Begin(header);
            Encoding.Latin1.GetBytes(value, taken);
        }

        return true;
    }

    /// <summary>Whom the request came from, by what was taken; null if that does not say.</summary>
    public IPAddress? FindClient(TrustedNetworks proxies) => ForwardedClient.Find(Taken(ForwardedHeader.For), Taken(ForwardedHeader.Forwarded), proxies);

    /// <summary>
    /// Writes the header lines to send. <paramref name="host"/> is the request's Host, or empty. For strangers' connections the lines are made once and copied
    /// as long as Host stays the same.
    /// </summary>
    public void WriteTo(IBufferWriter<byte> output, ReadOnlySpan<byte> host)
    {
        if (hop.IsTrusted)
        {
            Enumerate(new LineSink(output), host);
            return;
        }

        if (_own.WrittenCount == 0 || !host.SequenceEqual(_ownHost))
        {
            _own.ResetWrittenCount();
            Enumerate(new LineSink(_own), host);
            _ownHost = host.ToArray();
        }

        output.Write(_own.WrittenSpan);
    }

    /// <summary>Gives each header to send to <paramref name="sink"/>.</summary>
    public void Enumerate<TSink>(TSink sink, ReadOnlySpan<byte> host)
        where TSink : IForwardedSink
    {
        var x = Taken(ForwardedHeader.For).Length + Taken(ForwardedHeader.Proto).Length + Taken(ForwardedHeader.Host).Length
            + Taken(ForwardedHeader.Port).Length > 0;
        var forwarded = Taken(ForwardedHeader.Forwarded).Length > 0;
        if (x || !forwarded)
        {
            sink.Add(ForwardedHeader.For, Taken(ForwardedHeader.For), hop.Peer);
            Keep(sink, ForwardedHeader.Proto, hop.Proto);
            Keep(sink, ForwardedHeader.Host, host);
            Keep(sink, ForwardedHeader.Port, default);
        }

        if (forwarded || !x)
            AddForwarded(sink, host);
    }

    private void Keep<TSink>(TSink sink, ForwardedHeader header, ReadOnlySpan<byte> ours)
        where TSink : IForwardedSink
    {
        var taken = Taken(header);
        if (!taken.IsEmpty || !ours.IsEmpty)
            sink.Add(header, taken, taken.IsEmpty ? ours : default);
    }

    private void AddForwarded<TSink>(TSink sink, ReadOnlySpan<byte> host)
        where TSink : IForwardedSink
    {
        var element = new ArrayBufferWriter<byte>(64 + host.Length);
        element.Write("for="u8);
        element.Write(hop.For);
        if (!host.IsEmpty)
        {
            element.Write(";host="u8);
            WriteTokenOrQuoted(element, host);
        }

        element.Write(";proto="u8);
        element.Write(hop.Proto);
        sink.Add(ForwardedHeader.Forwarded, Taken(ForwardedHeader.Forwarded), element.WrittenSpan);
    }

    /// <summary>RFC 7239 section 4: a value is a token or a quoted-string; a port's colon needs the quotes.</summary>
    private static void WriteTokenOrQuoted(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        if (!value.ContainsAnyExcept(TokenChars))
        {
            output.Write(value);
            return;
        }

        output.Write("\""u8);
        foreach (var b in value)
        {
            if (b is (byte)'"' or (byte)'\\')
                output.Write("\\"u8);
            output.Write([b]);
        }

        output.Write("\""u8);
    }

    private ReadOnlySpan<byte> Taken(ForwardedHeader header) => _taken[(int)header] is { } value ? value.WrittenSpan : default;

    /// <summary>Values of a header that came several times become one list (RFC 9110 5.3).</summary>
    private ArrayBufferWriter<byte> Begin(ForwardedHeader header)
    {
        var taken = _taken[(int)header] ??= new ArrayBufferWriter<byte>();
        if (taken.WrittenCount > 0)
            taken.Write(", "u8);
        return taken;
    }

    private readonly struct LineSink(IBufferWriter<byte> output) : IForwardedSink
    {
        public void Add(ForwardedHeader header, ReadOnlySpan<byte> taken, ReadOnlySpan<byte> ours)
        {
            Encoding.ASCII.GetBytes(ForwardedHeaderNames.Name(header), output);
            output.Write(": "u8);
            output.Write(taken);
            if (!taken.IsEmpty && !ours.IsEmpty)
                output.Write(", "u8);
            output.Write(ours);
            output.Write("\r\n"u8);
        }
    }
}
