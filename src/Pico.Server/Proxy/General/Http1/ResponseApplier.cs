using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.General.Http1;

/// <summary>Makes a service's response head the response of an <see cref="HttpContext"/>.</summary>
internal static class ResponseApplier
{
    /// <summary>Sets status, reason and fields, leaving out what was for this hop only and what only Pico itself may say.</summary>
    public static void Apply(HttpContext context, in ResponseHead response, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields)
    {
        context.Response.StatusCode = response.Status;
        if (context.Features.Get<IHttpResponseFeature>() is { } feature && !HttpProtocol.IsHttp2(context.Request.Protocol))
            feature.ReasonPhrase = Encoding.Latin1.GetString(response.Reason(head));

        var headers = context.Response.Headers;
        foreach (ref readonly var field in fields)
        {
            if (HopByHop.IsDropped(field, response.Connection, head, fields) || field.Known == KnownHeader.PicoError)
                continue;

            var value = Encoding.Latin1.GetString(field.Value(head));
            if (field.Known == KnownHeader.ContentLength)
                headers.ContentLength = response.Status == StatusCodes.Status204NoContent ? null : long.Parse(value);
            else
                headers.Append(Encoding.ASCII.GetString(field.Name(head)), value);
        }
    }

    /// <summary>Passes a trailer section on, if the client's protocol has a place for it.</summary>
    public static void ApplyTrailers(HttpContext context, ReadOnlySpan<byte> section, HeaderList fields)
    {
        var trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        // The scanner has checked the section already: it is whole and holds nothing that the proxy acts on.
        if (trailers is null or { IsReadOnly: true } || fields.Parse(section, 0) != HeadStatus.Complete)
            return;

        foreach (ref readonly var field in fields.Fields)
            trailers.Append(Encoding.ASCII.GetString(field.Name(section)), Encoding.Latin1.GetString(field.Value(section)));
    }
}
