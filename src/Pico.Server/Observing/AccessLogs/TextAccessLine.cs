using System.Buffers;
using System.Globalization;
using System.Text;
using Pico.Server.Proxy;

namespace Pico.Server.Observing.AccessLogs;

/// <summary>
/// Entries for people:
/// <code>
///   2026-11-27T20:50:13.123Z 192.0.2.7 orders "GET /a?b=*** HTTP/1.1" 200 1.3ms in=0 out=128 wait=0.1ms head=1.2ms node=pico-0 upstream=web …
/// </code>
/// </summary>
internal sealed class TextAccessLine(AccessLogOptions options, string nodeId, long frequency) : AccessLine(options, nodeId, frequency)
{
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(' ', '~' - ' ' + 1).Where(c => c is not ('"' or '\\')).Select(c => (byte)c)]);

    /// <inheritdoc/>
    public override void Write(ArrayBufferWriter<byte> output, AccessEntry entry)
    {
        Split(entry, out var path, out var query);
        Say(output, entry.Time.UtcDateTime, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        output.Write(" "u8);
        if (entry.Client is { } client)
            Say(output, client);
        else
            output.Write("-"u8);
        output.Write(" "u8);
        Say(output, entry.EndpointId.Length > 0 ? entry.EndpointId : "-");
        output.Write(" \""u8);
        if (!entry.Method.IsEmpty)
        {
            Quote(output, entry.Text(entry.Method));
            output.Write(" "u8);
            Quote(output, path);
            if (!query.IsEmpty)
                output.Write("?"u8);
            Quote(output, query);
            output.Write(" "u8);
        }

        Say(output, entry.Protocol);
        output.Write("\" "u8);
        Say(output, entry.Status);
        output.Write(" "u8);
        SayTime(output, Milliseconds(entry, entry.EndedAt));
        output.Write(" in="u8);
        Say(output, entry.BytesIn);
        output.Write(" out="u8);
        Say(output, entry.BytesOut);
        AddTime(output, " wait="u8, Milliseconds(entry, entry.ConnectedAt));
        AddTime(output, " head="u8, Milliseconds(entry, entry.HeadAt));
        Add(output, " node="u8, NodeId);
        if (entry.Upstream is { } upstream)
        {
            Add(output, " upstream="u8, upstream.AgentName);
            Add(output, " relay="u8, upstream.NodeId);
        }

        Add(output, " error="u8, entry.Error == ProxyError.None ? "" : ProxyErrors.Code(entry.Error));
        Add(output, " trace="u8, entry.Text(entry.TraceId));
        Add(output, " request="u8, entry.Text(entry.RequestId));
        Add(output, " host="u8, entry.Text(entry.Host));
        Add(output, " agent="u8, entry.Text(entry.UserAgent));
        foreach (ref readonly var kept in entry.Headers)
        {
            output.Write(kept.IsResponse ? " response:"u8 : " request:"u8);
            output.Write(Names(kept.IsResponse)[kept.Header]);
            Add(output, "="u8, Value(entry, kept));
        }

        output.Write("\n"u8);
    }

    private static void Say<T>(ArrayBufferWriter<byte> output, T value, string? format = null)
        where T : IUtf8SpanFormattable
    {
        int written;
        for (var room = 64; !value.TryFormat(output.GetSpan(room), out written, format, CultureInfo.InvariantCulture); room *= 2)
        {
        }

        output.Advance(written);
    }

    private static void Say(ArrayBufferWriter<byte> output, string value) => Encoding.UTF8.GetBytes(value, output);

    private static void SayTime(ArrayBufferWriter<byte> output, double milliseconds)
    {
        Say(output, milliseconds);
        output.Write("ms"u8);
    }

    private static void AddTime(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> name, double milliseconds)
    {
        if (milliseconds < 0)
            return;
        output.Write(name);
        SayTime(output, milliseconds);
    }

    private static void Add(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> name, string value)
    {
        if (value.Length > 0)
            Add(output, name, Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Adds a value, in quotes unless it is one word.</summary>
    private static void Add(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return;
        output.Write(name);
        var isWord = !value.ContainsAnyExcept(Plain) && !value.Contains((byte)' ');
        if (!isWord)
            output.Write("\""u8);
        Quote(output, value);
        if (!isWord)
            output.Write("\""u8);
    }

    /// <summary>Writes what may stand between quotes: everything else as <c>\x0A</c>, so that no entry can look like two.</summary>
    private static void Quote(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyExcept(Plain);
            output.Write(plain < 0 ? text : text[..plain]);
            if (plain < 0)
                return;
            output.Write("\\x"u8);
            Say(output, text[plain], "X2");
            text = text[(plain + 1)..];
        }
    }
}
