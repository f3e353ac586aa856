using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Pico.Server.Proxy.General.Http1;

/// <summary>How a request's body goes to an HTTP/1.1 service.</summary>
internal enum RequestFraming
{
    /// <summary>There is none, and no length is said.</summary>
    None,

    /// <summary>There is none, and Content-Length: 0 says so.</summary>
    Empty,

    /// <summary>It has the length that the client gave.</summary>
    Length,

    /// <summary>Its length is not known: chunks.</summary>
    Chunked,
}

/// <summary>Decides <see cref="RequestFraming"/>.</summary>
internal static class RequestFramings
{
    /// <summary>True if there is a body to send.</summary>
    public static bool HasBody(this RequestFraming framing) => framing is RequestFraming.Length or RequestFraming.Chunked;

    /// <summary>The framing for the request as the client framed it.</summary>
    public static RequestFraming Of(HttpContext context)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
            return request.ContentLength is null ? RequestFraming.Chunked : RequestFraming.Length;

        // RFC 9110 8.6: a method that anticipates content is sent with a length, which HTTP/2 need not have.
        return request.ContentLength is 0 || HttpMethods.IsPost(request.Method) || HttpMethods.IsPut(request.Method) || HttpMethods.IsPatch(request.Method)
            ? RequestFraming.Empty
            : RequestFraming.None;
    }
}
