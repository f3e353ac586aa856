using System.Net;
using Microsoft.Extensions.Logging;
using Pico.Server.Auth;
using Pico.Server.Limits;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Splicing;

namespace Pico.Server.Tcp.Forward;

/// <summary>
/// What a forward client asks of this node on its tunnel: each stream that it opens names a TCP endpoint, and is joined with a stream to one
/// of the endpoint's services, if the client's token permits that. <paramref name="over"/> fires when the tunnel is.
/// </summary>
internal sealed partial class ForwardTunnelHandler(
    TcpRelay relay, VerifiedToken token, IPEndPoint? client, ConnectionClient? connection, ILogger<ForwardTunnelHandler> logger, CancellationToken over) : ITunnelHandler
{
    /// <inheritdoc/>
    public void OnOpen(TunnelStream stream, StreamOpen open) =>
        ThreadPool.UnsafeQueueUserWorkItem(static s => _ = s.Handler.ServeAsync(s.Stream, s.Open), (Handler: this, Stream: stream, Open: open), preferLocal: false);

    /// <inheritdoc/>
    public void OnRegister(TunnelConnection tunnel, Registration registration) =>
        tunnel.AnswerRegistration(registration.Id, "Nothing can be registered here: agents connect to the upstream port.");

    /// <inheritdoc/>
    public void OnDeregister(TunnelConnection tunnel, uint registrationId)
    {
        // Nothing was ever registered.
    }

    /// <inheritdoc/>
    public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message)
    {
        // The client opens no more; what it has open lives on.
    }

    private async Task ServeAsync(TunnelStream stream, StreamOpen open)
    {
        await using (stream)
        {
            try
            {
                if (open.Protocol != EndpointProtocol.Tcp)
                {
                    stream.Refuse(StreamError.ProtocolError, "Only streams of protocol TCP can be opened here.");
                    return;
                }

                if (!token.Endpoints.Permit(open.EndpointId))
                {
                    stream.Refuse(StreamError.UnknownEndpoint, $"endpoint_not_permitted: the token does not permit '{open.EndpointId}', but {token.Endpoints}.");
                    return;
                }

                var relayed = await relay.ConnectAsync(open.EndpointId, "TCP", client, connection, over);
                if (relayed.Error != ProxyError.None)
                {
                    stream.Refuse(StreamErrors.Of(relayed.Error), relayed.Detail);
                    return;
                }

                stream.Accept();
                await relay.RunAsync(new TunnelStreamEnd(stream), relayed, over);
            }
            catch (Exception exception)
            {
                LogFault(exception, open.EndpointId);
                stream.Abort(StreamError.Internal);
            }
        }
    }

    [LoggerMessage(2411, LogLevel.Error, "A connection to {Endpoint} failed by a fault of the node's own.")]
    private partial void LogFault(Exception exception, string endpoint);
}
