using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pico.Gossip;

namespace Pico.Server.Cluster.Links;

/// <summary>
/// The TCP side of the gossip port: what begins as TLS is a peer link, everything else an exchange of gossip.
/// <code>
///   accept ─1▶ one of a bounded number ─2▶ first byte ─▶ 0x16: LinkAcceptor
///                                                    └─▶ else: GossipNode
/// </code>
/// </summary>
internal sealed partial class ClusterPort(LinkAcceptor links, ClusterMetrics metrics, TimeProvider time, ILogger<ClusterPort> logger) : IDisposable
{
    /// <summary>The type of a TLS record that begins a handshake (RFC 8446 5.1).</summary>
    private const byte TlsHandshake = 0x16;

    /// <summary>When the system has nothing left to accept with, it is asked again after this.</summary>
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly PendingHandshakes _pending = new();
    private readonly CancellationTokenSource _closed = new();
    private Socket? _listener;
    private int _isClosed;

    /// <summary>Opens the port and gives where it is; throws <see cref="SocketException"/> if it cannot be had. Nothing is accepted yet.</summary>
    public IPEndPoint Bind(IPEndPoint address)
    {
        _listener?.Dispose();
        var listener = _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.Address.Equals(IPAddress.IPv6Any))
            listener.DualMode = true;
        listener.Bind(address);
        listener.Listen(LinkOptions.MaxPending);
        return (IPEndPoint)listener.LocalEndPoint!;
    }

    /// <summary>Begins to accept.</summary>
    public void Start(GossipNode gossip)
    {
        metrics.Watch(gossip);
        _ = AcceptAsync(_listener!, gossip, _closed.Token);
    }

    /// <summary>Accepts nothing more; links live on. Idempotent.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        _closed.Cancel();
        _closed.Dispose();
        _listener?.Dispose();
    }

    private async Task AcceptAsync(Socket listener, GossipNode gossip, CancellationToken closed)
    {
        while (!closed.IsCancellationRequested)
        {
            try
            {
                var socket = await listener.AcceptAsync(closed);
                _ = Task.Run(() => ServeAsync(socket, gossip, closed), CancellationToken.None); // a handshake takes its time
            }
            catch (SocketException exception) when (!closed.IsCancellationRequested)
            {
                LogNotAccepted(exception.Message);
                await Task.Delay(AcceptPause, time, CancellationToken.None);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket, GossipNode gossip, CancellationToken closed)
    {
        await using var connection = new NetworkStream(socket, ownsSocket: true);
        try
        {
            socket.NoDelay = true;
            var remote = (IPEndPoint)socket.RemoteEndPoint!;
            using var pending = _pending.TryEnter(remote.Address); // 1
            if (pending is null)
            {
                metrics.LinkRefusedBusy();
                return;
            }

            using var deadline = new CancellationTokenSource(LinkOptions.HandshakeTimeout, time);
            var first = new byte[1];
            if (await socket.ReceiveAsync(first, SocketFlags.Peek, deadline.Token) == 0) // 2
                return;
            if (first[0] == TlsHandshake)
                await links.AcceptAsync(connection, remote.ToString(), pending, deadline.Token);
            else
                await gossip.AcceptAsync(connection, remote, closed);
        }
        catch (Exception exception)
        {
            metrics.LinkRefused(exception);
            LogBroken(exception.Message);
        }
    }

    [LoggerMessage(2621, LogLevel.Warning, "The gossip port could not accept a connection: {Reason}")]
    private partial void LogNotAccepted(string reason);

    [LoggerMessage(2622, LogLevel.Debug, "A connection to the gossip port broke before anything was known of it: {Reason}")]
    private partial void LogBroken(string reason);
}
