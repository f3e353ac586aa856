using System.Buffers;
using System.Buffers.Text;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.Http1;

/// <summary>Writes a service's response head to the client: what passes, passes byte by byte and in its order.</summary>
internal static class ResponseHeadWriter
{
    /// <summary>
    /// Writes it to <paramref name="output"/>. <paramref name="chunked"/>: the body goes out in chunks. <paramref name="connection"/>: what to say in
    /// Connection; only the flags of the connection itself count.
    /// </summary>
    public static void Write(
        IBufferWriter<byte> output, in ResponseHead response, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields, bool chunked, ConnectionOptions connection)
    {
        WriteStatusLine(output, response, head);

        var runStart = -1;
        var runEnd = -1;
        var hasLength = false;
        foreach (ref readonly var field in fields)
        {
            if (Passes(field, response, head, fields, ref hasLength))
            {
                if (runStart < 0)
                    runStart = field.Start;
                runEnd = field.End(head);
                continue;
            }

            if (runStart >= 0)
                output.Write(head[runStart..runEnd]);
            runStart = -1;
            if (field.Known == KnownHeader.TransferEncoding && chunked)
                output.Write("Transfer-Encoding: chunked\r\n"u8);
            else if (field.Known == KnownHeader.Upgrade && response.Status is 101 or 426)
                output.Write(head[field.Start..field.End(head)]);
        }

        if (runStart >= 0)
            output.Write(head[runStart..runEnd]);
        output.Write(
            (connection & ConnectionOptions.Upgrade) != 0 ? "Connection: Upgrade\r\n\r\n"u8
            : (connection & ConnectionOptions.Close) != 0 ? "Connection: close\r\n\r\n"u8
            : (connection & ConnectionOptions.KeepAlive) != 0 ? "Connection: keep-alive\r\n\r\n"u8
            : "\r\n"u8);
    }

    private static void WriteStatusLine(IBufferWriter<byte> output, in ResponseHead response, ReadOnlySpan<byte> head)
    {
        // The version is the proxy's own (RFC 9110 2.5), and the space after the status is not optional.
        var reason = response.Reason(head);
        var line = output.GetSpan(13 + reason.Length + 2);
        "HTTP/1.1 "u8.CopyTo(line);
        Utf8Formatter.TryFormat(response.Status, line[9..], out _);
        line[12] = (byte)' ';
        reason.CopyTo(line[13..]);
        "\r\n"u8.CopyTo(line[(13 + reason.Length)..]);
        output.Advance(13 + reason.Length + 2);
    }

    private static bool Passes(in HeaderField field, in ResponseHead response, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields, ref bool hasLength)
    {
        switch (field.Known)
        {
            case KnownHeader.Other when (response.Connection & ConnectionOptions.NamesFields) == 0:
                return true;
            case KnownHeader.ContentLength:
                // Once only, and never where RFC 9110 8.6 forbids it.
                var passes = !hasLength && response.Status is >= 200 and not 204;
                hasLength = true;
                return passes;
            case KnownHeader.PicoError:
                return false;
            default:
                return !HopByHop.IsDropped(field, response.Connection, head, fields);
        }
    }
}
