using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Observing;
using Pico.Server.Observing.Tracing;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.Wire;
using Yarp.ReverseProxy.Forwarder;

namespace Pico.Server.Proxy.General.H2c;

/// <summary>What is changed between a client and an HTTP/2 service: the raw target and Host pass as they came, the trail is added.</summary>
internal sealed class H2cTransformer(RequestWatch? watch, Action responseBegins) : HttpTransformer
{
    private static readonly UriCreationOptions RawTarget = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);

        // The default would decode and normalize the path.
        if (!OriginTarget.TryGet(httpContext, out var target))
            throw new FormatException("The request's target is none that a service could be asked for.");
        proxyRequest.RequestUri = new Uri(destinationPrefix + (target.StartsWith('/') ? target : "/"), RawTarget);

        var incoming = httpContext.Request.Headers;
        proxyRequest.Headers.Host = incoming.Host.Count == 0 ? null : incoming.Host.ToString();
        foreach (var connection in incoming.Connection)
            RemoveNamed(proxyRequest, connection);
        ReplaceTrail(httpContext, proxyRequest);
        if (watch is { ReplacesParent: true })
            ReplaceParent(watch, proxyRequest);
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        responseBegins();
        var copyBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        httpContext.Response.Headers.Remove(ProxyErrors.HeaderName);
        ContextObservation.Answered(httpContext, watch);
        if (watch is not null && copyBody && proxyResponse is not null)
            proxyResponse.Content = new CountedContent(proxyResponse.Content, watch.AddOut);
        if (copyBody && proxyResponse is not null && HasMoreToCome(httpContext.Request.Method, proxyResponse))
            await httpContext.Response.BodyWriter.FlushAsync(cancellationToken);
        return copyBody;
    }

    /// <summary>
    /// A head whose body is yet to come is news already. But one that ends a call at once (it has the status, as a trailers-only response of gRPC) must reach the
    /// client as such.
    /// </summary>
    private static bool HasMoreToCome(string method, HttpResponseMessage response) =>
        !HttpMethods.IsHead(method)
        && response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        && response.Content.Headers.ContentLength is not 0
        && !response.Headers.NonValidated.Contains("grpc-status");

    /// <summary>Fields named in Connection were for this hop (RFC 9110 7.6.1).</summary>
    private static void RemoveNamed(HttpRequestMessage request, string? connection)
    {
        foreach (var option in (connection ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var name = Encoding.Latin1.GetBytes(option);
            if (HttpChars.IsToken(name) && KnownHeaders.Identify(name) == KnownHeader.Other && !HopByHop.IsProtected(name))
                request.Headers.Remove(option);
        }
    }

    private static void ReplaceParent(RequestWatch watch, HttpRequestMessage request)
    {
        request.Headers.Remove(TraceParent.HeaderName);
        if (watch.Replaces("tracestate"u8))
            request.Headers.Remove(TraceParent.StateHeaderName);
        request.Headers.TryAddWithoutValidation(TraceParent.HeaderName, TraceParent.Format(watch.Context));
        request.Options.Set(H2cClients.Trace, watch.Context);
    }

    private static void ReplaceTrail(HttpContext context, HttpRequestMessage request)
    {
        var trail = new ForwardedTrail(context.Features.GetRequiredFeature<ForwardedHop>());
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name.Contains('_') && KnownHeaders.Identify(Encoding.Latin1.GetBytes(name)) == KnownHeader.ForwardedLookalike)
                request.Headers.Remove(name);
            foreach (var value in values)
            {
                if (trail.TryTake(name, value ?? ""))
                    request.Headers.Remove(name);
            }
        }

        trail.Enumerate(new Sink(request), Encoding.Latin1.GetBytes(context.Request.Headers.Host.ToString()));
    }

    private readonly struct Sink(HttpRequestMessage request) : IForwardedSink
    {
        public void Add(ForwardedHeader header, ReadOnlySpan<byte> taken, ReadOnlySpan<byte> ours)
        {
            var separator = taken.IsEmpty || ours.IsEmpty ? "" : ", ";
            request.Headers.TryAddWithoutValidation(
                ForwardedHeaderNames.Name(header), Encoding.Latin1.GetString(taken) + separator + Encoding.Latin1.GetString(ours));
        }
    }
}
