using System.Net;
using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Splicing;

namespace Pico.Server.Tcp;

/// <summary>How a connection of a client to a TCP endpoint could not be relayed.</summary>
internal readonly record struct RelayRefusal(ProxyError Error, string Detail);

/// <summary>
/// Carries a client's byte connection to a TCP endpoint: finds the endpoint, gets a stream to one of its services
/// (<see cref="UpstreamConnector"/>), and joins the two until both directions have ended.
/// </summary>
internal sealed partial class TcpRelay(RouteTable routes, UpstreamConnector connector, ProxyOptions options, TimeProvider time, ILogger<TcpRelay> logger)
{
    /// <summary>
    /// Gives a stream to a service of <paramref name="endpointId"/>, or what to refuse the client with. The caller then owes
    /// <see cref="RunAsync"/>.
    /// </summary>
    public async ValueTask<(ConnectResult Result, RelayRefusal Refusal)> ConnectAsync(string endpointId, IPEndPoint? client, CancellationToken cancellationToken)
    {
        if (!EndpointId.IsValid(endpointId))
            return Refused(ProxyError.InvalidEndpoint, $"'{endpointId}' is no endpoint ID: {EndpointId.Rule}.");
        if (!routes.TryGet(endpointId, out var endpoint))
            return Refused(ProxyError.NoAvailableUpstreams, $"Nobody listens on the endpoint '{endpointId}'.");
        if (endpoint.Protocol != EndpointProtocol.Tcp)
            return Refused(ProxyError.ProtocolMismatch, $"The endpoint '{endpoint.EndpointId}' is not TCP: it takes HTTP requests.");

        var result = await connector.ConnectAsync(endpoint, reuse: false, client, cancellationToken);
        return result.IsConnected ? (result, default) : Refused(result.Error, result.Detail);
    }

    /// <summary>Joins the client with the stream it was given, until both directions have ended; then the stream is disposed of. Never throws.</summary>
    public async Task RunAsync(SpliceEnd client, ConnectResult connected, CancellationToken cancellationToken)
    {
        var (upstream, stream) = (connected.Upstream!, connected.Stream!);
        try
        {
            await using (stream)
            {
                var end = await StreamSplice.RunAsync(client, new TunnelStreamEnd(stream), options.StreamIdleTimeout, time, cancellationToken);
                if (end != StreamError.None)
                    LogBroken(upstream.EndpointId, end);
            }
        }
        finally
        {
            upstream.EndRequest();
        }
    }

    private static (ConnectResult, RelayRefusal) Refused(ProxyError error, string detail) => (default, new RelayRefusal(error, detail));

    [LoggerMessage(2401, LogLevel.Debug, "A connection to {Endpoint} was cut: {Reason}.")]
    private partial void LogBroken(string endpoint, StreamError reason);
}
