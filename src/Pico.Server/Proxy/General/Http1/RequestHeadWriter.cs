using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Pico.Server.Observing;
using Pico.Server.Observing.Tracing;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.General.Upgrades;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.General.Http1;

/// <summary>
/// Writes a parsed request as the head of an HTTP/1.1 request:
/// <code>
///   GET /a%2Fb?c HTTP/1.1           the target as it came
///   Host: …                         as it came (HTTP/2: :authority)
///   Connection, Upgrade, TE         only what is meant for the next hop
///   other fields                    as they came, one line each; cookie crumbs joined (RFC 9113 8.2.3)
///   X-Forwarded-…, Forwarded        the trail
///   Content-Length | Transfer-Encoding
/// </code>
/// </summary>
internal static class RequestHeadWriter
{
    private const int UsualName = 64;

    /// <summary>
    /// Writes the head; false if something in it cannot be said in HTTP/1.1: then nothing of it may be sent. If <paramref name="watch"/> traces the request, room is
    /// left for the service's <c>traceparent</c>, at <paramref name="parentAt"/>; else that is 0.
    /// </summary>
    public static bool TryWrite(
        ArrayBufferWriter<byte> output, HttpContext context, RequestFraming framing, UpgradeRequest? upgrade, RequestWatch? watch, out int parentAt)
    {
        parentAt = 0;
        var headers = context.Request.Headers;
        var host = headers.Host.ToString();
        if (!TryWriteRequestLine(output, context, upgrade) || !output.TryWriteField("Host", host))
            return false;

        WriteHopFields(output, headers, upgrade);
        var trail = new ForwardedTrail(context.Features.GetRequiredFeature<ForwardedHop>());
        foreach (var (name, values) in headers)
        {
            if (!(watch?.Replaces(Encoding.Latin1.GetBytes(name)) ?? false) && !TryWriteField(output, name, values, headers.Connection, trail))
                return false;
        }

        trail.WriteTo(output, Encoding.Latin1.GetBytes(host));
        WriteFraming(output, framing, context.Request.ContentLength);
        if (watch is { ReplacesParent: true })
        {
            output.TryWriteName(TraceParent.HeaderName);
            parentAt = output.WrittenCount;
            output.Advance(output.GetSpan(TraceParent.Length)[..TraceParent.Length].Length);
            output.EndLine();
        }

        return output.EndLine();
    }

    private static bool TryWriteRequestLine(ArrayBufferWriter<byte> output, HttpContext context, UpgradeRequest? upgrade)
    {
        var method = upgrade is { IsExtendedConnect: true } ? HttpMethods.Get : context.Request.Method;
        if (method.Length == 0 || !OriginTarget.TryGet(context, out var target) || (HttpMethods.IsConnect(method) && upgrade is null))
            return false;

        var span = output.GetSpan(method.Length);
        var length = Encoding.Latin1.GetBytes(method, span);
        if (!HttpChars.IsToken(span[..length]))
            return false;

        output.Advance(length);
        output.Write(" "u8);
        Encoding.Latin1.GetBytes(target, output);
        output.Write(" HTTP/1.1\r\n"u8);
        return true;
    }

    private static void WriteHopFields(ArrayBufferWriter<byte> output, IHeaderDictionary headers, UpgradeRequest? upgrade)
    {
        if (upgrade is not null)
            upgrade.WriteFields(output);
        else if (HopByHop.Lists(Encoding.Latin1.GetBytes(headers.TE.ToString()), "trailers"u8))
            output.Write("TE: trailers\r\nConnection: TE\r\n"u8);
    }

    private static bool TryWriteField(ArrayBufferWriter<byte> output, string name, StringValues values, StringValues connection, ForwardedTrail trail)
    {
        // Kestrel gives HTTP/2's pseudo fields together with the others; what they say stands in the request line.
        if (name.StartsWith(':'))
            return true;

        Span<byte> bytes = name.Length <= UsualName ? stackalloc byte[name.Length] : new byte[name.Length];
        Encoding.Latin1.GetBytes(name, bytes);
        switch (KnownHeaders.Identify(bytes))
        {
            case KnownHeader.FramingLookalike:
                return false;
            case KnownHeader.Host or KnownHeader.Connection or KnownHeader.KeepAlive or KnownHeader.ProxyConnection or KnownHeader.TransferEncoding
                or KnownHeader.ContentLength or KnownHeader.Upgrade or KnownHeader.Te or KnownHeader.Http2Settings or KnownHeader.Expect
                or KnownHeader.ForwardedLookalike:
                // Expect: Kestrel answers it when the body is read, which is at once.
                return true;
            case KnownHeader.Other when IsNamed(connection, bytes):
                return true;
            case KnownHeader.Other when name.Equals("Cookie", StringComparison.OrdinalIgnoreCase):
                return output.TryWriteField(name, string.Join("; ", values.ToArray()));
        }

        foreach (var value in values)
        {
            if (!trail.TryTake(name, value ?? "") && !output.TryWriteField(name, value ?? ""))
                return false;
        }

        return true;
    }

    private static bool IsNamed(StringValues connection, ReadOnlySpan<byte> name)
    {
        foreach (var value in connection)
        {
            if (value is not null && HopByHop.Lists(Encoding.Latin1.GetBytes(value), name) && !HopByHop.IsProtected(name))
                return true;
        }

        return false;
    }

    private static void WriteFraming(ArrayBufferWriter<byte> output, RequestFraming framing, long? length)
    {
        switch (framing)
        {
            case RequestFraming.Empty:
                output.Write("Content-Length: 0\r\n"u8);
                break;
            case RequestFraming.Length:
                output.Write("Content-Length: "u8);
                Encoding.ASCII.GetBytes(length.GetValueOrDefault().ToString(), output);
                output.EndLine();
                break;
            case RequestFraming.Chunked:
                output.Write("Transfer-Encoding: chunked\r\n"u8);
                break;
        }
    }
}
