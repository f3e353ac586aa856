using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Pico.Server.Admin.Metrics;
using Pico.Server.Hosting;
using Pico.Server.Observing;
using Pico.Server.Proxy.Access;
using Pico.Server.Proxy.Connections;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.Routing;
using Pico.Server.Upstreams;

namespace Pico.Server.Proxy.Http1;

/// <summary>The lean way of HTTP/1.1 connections: what they all share.</summary>
internal sealed partial class Http1Path(
    ClientAccess access, EndpointFinder endpoints, UpstreamConnector connector, ProxyOptions options, RequestObserver observer, Heartbeat heartbeat, NodeLifecycle lifecycle,
    ILogger<Http1Path> logger)
    : IHttp1Path
{
    public ClientAccess Access => access;

    public EndpointFinder Endpoints => endpoints;

    public UpstreamConnector Connector => connector;

    public ProxyOptions Options => options;

    public ServerMetrics Metrics => observer.Metrics;

    public RequestObserver Observer => observer;

    public Heartbeat Heartbeat => heartbeat;

    public NodeLifecycle Lifecycle => lifecycle;

    // The options as ticks, so that no request divides.
    public int RequestHeadTicks { get; } = Heartbeat.Ticks(options.RequestHeadTimeout);

    public int KeepAliveTicks { get; } = Heartbeat.Ticks(options.KeepAliveTimeout);

    public int ResponseHeadTicks { get; } = Heartbeat.Ticks(options.ResponseHeadTimeout);

    public int IdleTicks { get; } = Heartbeat.Ticks(options.IdleTimeout);

    public int UpgradedIdleTicks { get; } = Heartbeat.Ticks(options.StreamIdleTimeout);

    /// <inheritdoc/>
    public async Task<bool> ServeAsync(ConnectionContext connection)
    {
        var hop = connection.Features.Get<ForwardedHop>() ?? throw new InvalidOperationException("The connection has no forwarded hop.");
        try
        {
            return await new Http1Connection(this, connection, hop).RunAsync();
        }
        catch (Exception exception)
        {
            LogFault(connection.ConnectionId, exception);
            connection.Abort(new ConnectionAbortedException("The server failed.", exception));
            return true;
        }
    }

    [LoggerMessage(2201, LogLevel.Error, "Connection {ConnectionId} was aborted by a fault of the server's own.")]
    private partial void LogFault(string connectionId, Exception exception);

    [LoggerMessage(2202, LogLevel.Debug, "Connection {ConnectionId}: a request was answered with {Error}.")]
    public partial void LogRefused(string connectionId, ProxyError error);

    [LoggerMessage(2203, LogLevel.Information, "Endpoint {EndpointId}: no stream to the service, {Error}: {Detail}")]
    public partial void LogNotConnected(string endpointId, ProxyError error, string detail);

    [LoggerMessage(2204, LogLevel.Information, "Endpoint {EndpointId} by {Upstream}: {Error} {When}.")]
    public partial void LogServiceFault(string endpointId, string upstream, ProxyError error, string when);
}
