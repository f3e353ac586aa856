using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Relaying;
using Pico.Server.Hosting;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Transports;

namespace Pico.Server.Cluster.Links;

/// <summary>
/// Accepts the links that other nodes dial:
/// <code>
///   TCP ─1▶ TLS: a member's certificate? ─2▶ HELLO of that member? ─3▶ streams, relayed ─4▶ end
/// </code>
/// Whoever is no member learns nothing, and is counted.
/// </summary>
internal sealed partial class LinkAcceptor(
    NodeIdentity node, LinkIdentity identity, PeerDirectory peers, StreamRelay relay, ClusterMetrics metrics, TimeProvider time, ILogger<LinkAcceptor> logger)
{
    private readonly ConcurrentDictionary<TunnelConnection, Peer> _links = new();

    /// <summary>How many links there are.</summary>
    public int Count => _links.Count;

    /// <summary>Serves one connection to its end; never throws.</summary>
    /// <param name="connection">It begins with a TLS record.</param>
    /// <param name="remote">The other side's address, for logs.</param>
    /// <param name="pending">Disposed of when the other side is known.</param>
    /// <param name="handshake">Fires when the handshake has taken too long.</param>
    public async Task AcceptAsync(NetworkStream connection, string remote, IDisposable pending, CancellationToken handshake)
    {
        try
        {
            var (link, peer) = await ShakeAsync(connection, remote, handshake);
            pending.Dispose();
            await using (link)
                await ServeAsync(link, peer);
        }
        catch (Exception exception)
        {
            metrics.LinkRefused(exception);
            LogRefused(remote, exception.Message);
        }
    }

    /// <summary>A node is gone: what still runs on its links may finish, nothing new comes.</summary>
    public void Leave(Peer peer)
    {
        foreach (var (link, owner) in _links)
        {
            if (owner == peer)
                _ = FinishAsync(link, CancellationToken.None);
        }
    }

    /// <summary>Closes each link when its last stream has ended.</summary>
    public Task CloseAsync(CancellationToken patience) => Task.WhenAll(_links.Keys.Select(link => FinishAsync(link, patience)));

    private static async Task FinishAsync(TunnelConnection link, CancellationToken patience)
    {
        await Task.WhenAny(link.Completion, link.WhenIdleAsync(patience));
        await link.CloseAsync(TunnelError.Draining, "the node leaves");
    }

    private async Task<(TunnelConnection Link, Peer Peer)> ShakeAsync(NetworkStream connection, string remote, CancellationToken handshake)
    {
        Peer? peer = null;
        var secure = await LinkConnection.SecureAsync(connection, identity.ForListening(fingerprint => (peer = peers.Find(fingerprint)) is not null), handshake); // 1
        if (peer is null)
        {
            await secure.DisposeAsync();
            throw new AuthenticationException("no certificate was shown");
        }

        var link = await TunnelConnection.AcceptAsync( // 2
            new StreamTransport(secure, remote), node.Hello(), hello => Judge(hello, peer), relay, LinkOptions.Tunnel, time, logger, handshake);
        return (link, peer);
    }

    private static TunnelEnd? Judge(TunnelHello hello, Peer peer) => hello.Id == peer.Life.NodeId
        ? null
        : new TunnelEnd(TunnelError.Unauthorized, $"The certificate is that of {peer.Life.NodeId}.");

    private async Task ServeAsync(TunnelConnection link, Peer peer)
    {
        LogAccepted(peer.Life.NodeId, link.RemoteAddress);
        metrics.LinkAccepted();
        _links.TryAdd(link, peer);
        try
        {
            link.Start(); // 3
            if (peer.IsGone)
                Leave(peer); // since its certificate was looked at
            var end = await link.Completion; // 4
            LogEnded(peer.Life.NodeId, link.RemoteAddress, end.Error, end.Message);
        }
        finally
        {
            _links.TryRemove(link, out _);
        }
    }

    [LoggerMessage(2611, LogLevel.Information, "Node {Node} at {Address} has dialled a peer link.")]
    private partial void LogAccepted(string node, string address);

    [LoggerMessage(2612, LogLevel.Information, "The peer link of {Node} at {Address} ended: {Reason}. {Message}")]
    private partial void LogEnded(string node, string address, TunnelError reason, string message);

    [LoggerMessage(2613, LogLevel.Debug, "A connection from {Address} to the gossip port is no peer link: {Reason}")]
    private partial void LogRefused(string address, string reason);
}
