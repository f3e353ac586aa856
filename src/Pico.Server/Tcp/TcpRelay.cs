using System.Net;
using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Observing;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Splicing;

namespace Pico.Server.Tcp;

/// <summary>A client's way to a TCP endpoint: the stream and what was counted in for it, or why there is none.</summary>
internal readonly record struct RelayedStream(ConnectResult Connected, RequestPermit Permit, ProxyError Error, string Detail, RequestWatch? Watch = null);

/// <summary>
/// Carries a client's byte connection to a TCP endpoint: finds the endpoint, gets a stream to one of its services
/// (<see cref="UpstreamConnector"/>), and joins the two until both directions have ended.
/// </summary>
internal sealed partial class TcpRelay(
    RouteTable routes, RequestLimits limits, UpstreamConnector connector, RequestObserver observer, ProxyOptions options, TimeProvider time, ILogger<TcpRelay> logger)
{
    /// <summary>
    /// Gives a stream to a service of <paramref name="endpointId"/>, or what to refuse the client with. The caller then owes
    /// <see cref="RunAsync"/>. <paramref name="protocol"/> is how the client came, for the access log.
    /// </summary>
    public async ValueTask<RelayedStream> ConnectAsync(
        string endpointId, string protocol, IPEndPoint? client, ConnectionClient? connection, CancellationToken cancellationToken)
    {
        RequestWatch? watch = null;
        if (observer.IsOn)
        {
            watch = new RequestWatch(observer);
            watch.BeginOther(protocol, client?.Address);
        }

        var relayed = await ConnectAsync(endpointId, client, connection, watch, cancellationToken);
        if (relayed.Error != ProxyError.None)
            watch?.End(routes.TryGet(endpointId, out var endpoint) ? endpoint.EndpointId : "", status: 0, relayed.Error);
        return relayed;
    }

    /// <summary>Joins the client with the stream it was given, until both directions have ended; then the stream is disposed of. Never throws.</summary>
    public async Task RunAsync(SpliceEnd client, RelayedStream relayed, CancellationToken cancellationToken)
    {
        var (upstream, stream) = (relayed.Connected.Upstream!, relayed.Connected.Stream!);
        var permit = relayed.Permit;
        var bytes = relayed.Watch is null ? null : new SpliceBytes();
        var end = StreamError.Internal;
        try
        {
            await using (stream)
            {
                end = await StreamSplice.RunAsync(client, new TunnelStreamEnd(stream), options.StreamIdleTimeout, bytes, time, cancellationToken);
                if (end != StreamError.None)
                    LogBroken(upstream.EndpointId, end);
            }
        }
        finally
        {
            upstream.EndRequest();
            permit.Exit();
            if (relayed.Watch is { } watch)
            {
                watch.AddIn(bytes!.There);
                watch.AddOut(bytes.Back);
                watch.End(upstream.EndpointId, status: 0, StreamErrors.OfEnd(end));
            }
        }
    }

    private async ValueTask<RelayedStream> ConnectAsync(
        string endpointId, IPEndPoint? client, ConnectionClient? connection, RequestWatch? watch, CancellationToken cancellationToken)
    {
        if (!EndpointId.IsValid(endpointId))
            return Refused("", ProxyError.InvalidEndpoint, $"'{endpointId}' is no endpoint ID: {EndpointId.Rule}.");
        if (!routes.TryGet(endpointId, out var endpoint))
            return Refused("", ProxyError.NoAvailableUpstreams, $"Nobody listens on the endpoint '{endpointId}'.");
        if (endpoint.Protocol != EndpointProtocol.Tcp)
            return Refused(endpoint.EndpointId, ProxyError.ProtocolMismatch, $"The endpoint '{endpoint.EndpointId}' is not TCP: it takes HTTP requests.");

        var error = limits.TryEnter(endpoint, connection, client?.Address, out var permit);
        if (error != ProxyError.None)
            return Refused(endpoint.EndpointId, error, $"Too many connections to the endpoint '{endpoint.EndpointId}', of this client or of all.");

        watch?.BeginConnectionSpan(endpoint.EndpointId, "tcp " + endpoint.EndpointId, client?.Address);
        var result = await connector.ConnectAsync(endpoint, reuse: false, client, watch?.Context ?? default, cancellationToken);
        endpoint.Traffic.Count(time.GetTimestamp(), time.TimestampFrequency, elapsed: -1, status: 0, result.Error);
        if (result.IsConnected)
        {
            observer.Metrics.TcpConnected(endpoint.EndpointId, ProxyError.None);
            watch?.Connected(result.Upstream, isReused: false);
            return new RelayedStream(result, permit, ProxyError.None, "", watch);
        }

        permit.Exit();
        return Refused(endpoint.EndpointId, result.Error, result.Detail);
    }

    private RelayedStream Refused(string endpointId, ProxyError error, string detail)
    {
        observer.Metrics.TcpConnected(endpointId, error);
        return new(default, default, error, detail);
    }

    [LoggerMessage(2401, LogLevel.Debug, "A connection to {Endpoint} was cut: {Reason}.")]
    private partial void LogBroken(string endpoint, StreamError reason);
}
