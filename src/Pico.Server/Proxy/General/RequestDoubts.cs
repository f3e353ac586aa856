using Microsoft.AspNetCore.Http;

namespace Pico.Server.Proxy.General;

/// <summary>
/// What Kestrel repairs in the framing of an HTTP/1.1 request and the lean path refuses: a proxy before this one may have read it otherwise
/// (RFC 9112 6.1, 11.2), and a connection that was handed over must not be a way around that.
/// </summary>
internal static class RequestDoubts
{
    /// <summary>Kestrel's name for a Content-Length that came beside a Transfer-Encoding.</summary>
    private const string OverriddenLength = "X-Content-Length";

    /// <summary>True if the request must be answered with 400 and its connection closed.</summary>
    public static bool Has(HttpRequest request)
    {
        if (request.Headers.TransferEncoding is not { Count: > 0 } encoding)
            return false;
        return !HttpProtocol.IsHttp11(request.Protocol)
            || request.Headers.ContainsKey(OverriddenLength)
            || encoding is not [{ } only]
            || !only.AsSpan().Trim(" \t").Equals("chunked", StringComparison.OrdinalIgnoreCase);
    }
}
