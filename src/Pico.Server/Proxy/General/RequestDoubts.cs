using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Pico.Server.Proxy.General;

/// <summary>
/// What Kestrel repairs in the framing of an HTTP/1.1 request and the lean path refuses: a proxy before this one may have read it otherwise
/// (RFC 9112 6.1, 11.2), and a connection that was handed over must not be a way around that. And fields of HTTP/1.1's connections in HTTP/2.
/// </summary>
internal static class RequestDoubts
{
    /// <summary>Kestrel's name for a Content-Length that came beside a Transfer-Encoding.</summary>
    private const string OverriddenLength = "X-Content-Length";

    /// <summary>True if the request must be answered with 400 and its connection closed.</summary>
    public static bool Has(HttpRequest request)
    {
        if (HttpProtocol.IsHttp2(request.Protocol) && HasHopFields(request.Headers))
            return true;
        if (request.Headers.TransferEncoding is not { Count: > 0 } encoding)
            return false;
        return !HttpProtocol.IsHttp11(request.Protocol)
            || request.Headers.ContainsKey(OverriddenLength)
            || encoding is not [{ } only]
            || !only.AsSpan().Trim(" \t").Equals("chunked", StringComparison.OrdinalIgnoreCase);
    }

    // RFC 9113 8.2.2: malformed. Kestrel refuses Connection and TE itself.
    private static bool HasHopFields(IHeaderDictionary headers) =>
        headers.ContainsKey(HeaderNames.KeepAlive) || headers.ContainsKey(HeaderNames.ProxyConnection) || headers.ContainsKey(HeaderNames.Upgrade)
        || headers.ContainsKey("HTTP2-Settings");
}
