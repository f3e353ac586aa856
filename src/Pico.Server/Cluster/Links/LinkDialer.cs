using System.Net;
using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Transports;

namespace Pico.Server.Cluster.Links;

/// <summary>Dials other nodes: TCP ─▶ TLS, both certificates pinned ─▶ HELLO of the node that was meant.</summary>
internal sealed class LinkDialer(NodeIdentity node, LinkIdentity identity, TimeProvider time, ILogger<LinkDialer> logger)
{
    /// <summary>
    /// Gives a connection that is not started yet. Throws what went wrong (<see cref="IOException"/>, <see cref="System.Net.Sockets.SocketException"/>,
    /// <see cref="System.Security.Authentication.AuthenticationException"/>, <see cref="TimeoutException"/>).
    /// </summary>
    /// <param name="nodeId">Who must answer.</param>
    /// <param name="address">Where.</param>
    /// <param name="fingerprint">By which certificate.</param>
    /// <param name="handler">What the connection tells.</param>
    /// <param name="cancellationToken">Nobody wants it any more.</param>
    public async Task<TunnelConnection> DialAsync(string nodeId, IPEndPoint address, string fingerprint, ITunnelHandler handler, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(LinkOptions.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var tcp = await LinkConnection.ConnectAsync(address, either.Token);
            var secure = await LinkConnection.SecureAsync(tcp, identity.ForDialing(fingerprint), either.Token);
            var link = await TunnelConnection.ConnectAsync(
                new StreamTransport(secure, address.ToString()), node.Hello(), handler, LinkOptions.Tunnel, time, logger, either.Token);
            if (link.Remote.Id == nodeId)
                return link;
            await link.DisposeAsync();
            throw new TunnelException(TunnelError.Unauthorized, $"{link.Remote.Id} answers at {address} instead of {nodeId}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{address} did not answer within {LinkOptions.HandshakeTimeout.TotalSeconds:0} s");
        }
    }
}
