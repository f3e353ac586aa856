using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Admin.Metrics;
using Pico.Server.Hosting;
using Pico.Server.Observing;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace Pico.Server.Proxy.General.H2c;

/// <summary>
/// Forwards a request to a service that speaks HTTP/2 (gRPC), by YARP's forwarder over connections that are streams of tunnels:
/// <code>
///   1 choose an upstream ─▶ 2 YARP ─▶ its HTTP/2 client ─(no connection yet)─▶ open a stream
///        ▲                                    └── 3 no stream could be opened ──┘
///        └──── another ───────────────────────────┘
/// </code>
/// </summary>
internal sealed class H2cForwarder(IHttpForwarder forwarder, H2cClients clients, ServerMetrics metrics, ProxyOptions options, TimeProvider time)
{
    /// <summary>Only HTTP/2 knows it; the connection goes through the tunnel whatever stands here.</summary>
    private const string Destination = "http://service";

    /// <summary>What names itself in the exception when the client was closed before the request had begun, because its upstream was withdrawn.</summary>
    private const string ClientName = "System.Net.Http.SocketsHttpHandler";

    // What breaks the protocol (RFC 9113 7), as against what a service may do.
    private const long ErrorProtocol = 1;
    private const long ErrorFlowControl = 3;
    private const long ErrorFrameSize = 6;
    private const long ErrorCompression = 9;

    private readonly ForwarderRequestConfig _plain = Config(options.IdleTimeout > TimeSpan.Zero ? options.IdleTimeout : Timeout.InfiniteTimeSpan);

    /// <summary>A call may be silent for as long as both its ends answer pings; its deadline is the client's own.</summary>
    private readonly ForwarderRequestConfig _grpc = Config(Timeout.InfiniteTimeSpan);

    /// <summary>Forwards <paramref name="context"/>; never throws.</summary>
    public async Task<ForwardResult> ForwardAsync(HttpContext context, EndpointUpstreams endpoint, RequestWatch? watch)
    {
        if (watch is not null)
            context.Request.Body = new CountedStream(context.Request.Body, watch.AddIn);
        var tried = default(TriedUpstreams);
        var result = default(ForwardResult);
        var error = ProxyError.NoAvailableUpstreams;
        while (endpoint.TryBegin(ref tried, out var upstream, ref error)) // 1
        {
            if (result.Error != ProxyError.None)
                metrics.Retried();
            tried.Add(upstream);
            watch?.BeginUpstream(endpoint.EndpointId);
            watch?.Connected(upstream, isReused: false);
            (result, var isSent) = await ForwardAsync(context, upstream, watch); // 2
            watch?.EndUpstream(result.Error);
            upstream.OpenAbandoned(); // a request on an open connection proves nothing about opening one
            upstream.EndRequest();
            if (isSent)
                return result;

            context.Response.Clear(); // 3
        }

        return result.Error == ProxyError.None ? new ForwardResult(error) : result;
    }

    private async Task<(ForwardResult Result, bool IsSent)> ForwardAsync(HttpContext context, Upstream upstream, RequestWatch? watch)
    {
        var isGrpc = context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;
        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;

        // While a body is being sent, or in a call, the head may take as long as it likes.
        using var head = new CancellationTokenSource(
            isGrpc || hasBody || options.ResponseHeadTimeout <= TimeSpan.Zero ? Timeout.InfiniteTimeSpan : options.ResponseHeadTimeout, time);
        long headAt = 0;
        var transformer = new H2cTransformer(watch, () =>
        {
            headAt = time.GetTimestamp();
            head.CancelAfter(Timeout.InfiniteTimeSpan);
        });
        ForwarderError error;
        Exception? exception;
        try
        {
            error = await forwarder.SendAsync(context, Destination, clients.Get(upstream), isGrpc ? _grpc : _plain, transformer, head.Token);
            exception = context.Features.Get<IForwarderErrorFeature>()?.Exception;
        }
        catch (Exception e)
        {
            (error, exception) = (ForwarderError.RequestCreation, e);
        }

        if (error != ForwarderError.None && StreamNotOpenedException.Find(exception) is { InnerException: Tunnel.StreamException refused } && !context.Response.HasStarted)
            return (new(Map(refused.Error), refused.Message), false);
        if (exception is ObjectDisposedException { ObjectName: ClientName } && !context.Response.HasStarted)
            return (new(ProxyError.NoAvailableUpstreams, "The upstream was withdrawn."), false);

        var mapped = IsTooLarge(exception) ? ProxyError.BodyTooLarge
            : context.RequestAborted.IsCancellationRequested && error != ForwarderError.None ? ProxyError.ClientGone
            : head.IsCancellationRequested ? ProxyError.UpstreamTimeout
            : Map(error, exception);
        return (new(mapped, exception?.Message ?? "") { HeadAt = headAt }, true);
    }

    private static ForwarderRequestConfig Config(TimeSpan activityTimeout) => new()
    {
        ActivityTimeout = activityTimeout,
        Version = System.Net.HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static ProxyError Map(StreamError error) => error switch
    {
        StreamError.UnknownEndpoint or StreamError.Draining => ProxyError.NoAvailableUpstreams,
        StreamError.TooManyStreams => ProxyError.Overloaded,
        StreamError.ServiceTimeout => ProxyError.UpstreamTimeout,
        _ => ProxyError.UpstreamUnreachable,
    };

    private static ProxyError Map(ForwarderError error, Exception? exception) => error switch
    {
        ForwarderError.None => ProxyError.None,
        ForwarderError.RequestTimedOut or ForwarderError.UpgradeActivityTimeout => ProxyError.UpstreamTimeout,
        ForwarderError.RequestCreation => ProxyError.BadRequest,
        ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient
            or ForwarderError.ResponseBodyCanceled or ForwarderError.ResponseBodyClient
            or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeRequestClient
            or ForwarderError.UpgradeResponseCanceled or ForwarderError.UpgradeResponseClient => ProxyError.ClientGone,
        ForwarderError.ResponseHeaders => ProxyError.UpstreamProtocolError,
        _ => MapFailure(exception),
    };

    /// <summary>The stream ended or was reset below HTTP/2.</summary>
    private static bool IsBroken(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is Tunnel.StreamException or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded })
                return true;
        }

        return false;
    }

    /// <summary>Kestrel has cut the request's body off.</summary>
    private static bool IsTooLarge(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
                return true;
        }

        return false;
    }

    private static ProxyError MapFailure(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            switch (exception)
            {
                case TimeoutException:
                    return ProxyError.UpstreamTimeout;
                case HttpIOException when IsBroken(exception):
                case HttpProtocolException { ErrorCode: not (ErrorProtocol or ErrorFlowControl or ErrorFrameSize or ErrorCompression) }:
                    // The service gave the stream or the connection up.
                    return ProxyError.UpstreamUnreachable;
                case HttpIOException { HttpRequestError: HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded }:
                    return ProxyError.UpstreamProtocolError;
            }
        }

        return ProxyError.UpstreamUnreachable;
    }
}
