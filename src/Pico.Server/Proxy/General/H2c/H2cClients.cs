using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Pico.Server.Admin.Metrics;
using Pico.Server.Hosting;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Proxy.General.H2c;

/// <summary>
/// One HTTP/2 client per upstream, whose connections are streams of its tunnel. A client lives until its upstream is withdrawn, and its requests finish then; its
/// connections are closed when they have been idle, and end with the tunnel.
/// </summary>
internal sealed class H2cClients(ProxyOptions options, UpstreamConnector connector, ServerMetrics metrics, TimeProvider time)
{
    /// <summary>The span of a request: the stream that is opened because of it continues its trace, though others use that stream too.</summary>
    public static readonly HttpRequestOptionsKey<ActivityContext> Trace = new("pico.trace");

    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(20);

    private readonly ConditionalWeakTable<Upstream, HttpMessageInvoker> _clients = [];

    /// <summary>The client of <paramref name="upstream"/>.</summary>
    public HttpMessageInvoker Get(Upstream upstream) => _clients.GetValue(upstream, Create);

    private HttpMessageInvoker Create(Upstream upstream)
    {
        var client = new HttpMessageInvoker(Handler(upstream));
        upstream.OnWithdrawn(() => Close(upstream));
        return client;
    }

    // Idle connections are closed now, the others after their last request.
    private void Close(Upstream upstream)
    {
        if (_clients.TryGetValue(upstream, out var client))
            client.Dispose();
    }

    private SocketsHttpHandler Handler(Upstream upstream) => new()
    {
        ConnectCallback = (connecting, cancellationToken) =>
            OpenAsync(upstream, connecting.InitialRequestMessage.Options.TryGetValue(Trace, out var trace) ? trace : default, cancellationToken),
        ConnectTimeout = Timeout.InfiniteTimeSpan, // the callback has its own, which says of which upstream it was
        PooledConnectionIdleTimeout = IdleConnection,
        EnableMultipleHttp2Connections = true,
        // A call that waits long for its answer lives as long as the service answers pings.
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        MaxResponseHeadersLength = Math.Max(1, options.MaxResponseHeadSize / 1024),
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    };

    private async ValueTask<Stream> OpenAsync(Upstream upstream, ActivityContext trace, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout > TimeSpan.Zero ? options.ConnectTimeout : Timeout.InfiniteTimeSpan, time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var stream = await upstream.OpenAsync(client: null, trace, cancel.Token);
            connector.Accepted(upstream);
            stream.Traffic = metrics.TrafficOf(upstream.EndpointId);
            return stream.AsStream();
        }
        catch (StreamException e)
        {
            throw Refused(upstream, e);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Refused(upstream, new StreamException(StreamError.ServiceTimeout, $"The service of '{upstream.EndpointId}' accepted no connection in time.", e));
        }
    }

    private StreamNotOpenedException Refused(Upstream upstream, StreamException reason)
    {
        connector.Refused(upstream, reason.Error);
        return new StreamNotOpenedException(reason);
    }
}
