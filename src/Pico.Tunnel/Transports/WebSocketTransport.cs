using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Pico.Tunnel.Transports;

/// <summary>
/// A tunnel over a WebSocket: binary messages whose boundaries mean nothing. The socket's own keep-alive is off: the tunnel pings.
/// Takes ownership of <paramref name="webSocket"/>.
/// </summary>
public sealed class WebSocketTransport(WebSocket webSocket, string remoteAddress) : TunnelTransport
{
    private bool _peerClosed; // the receiver's

    /// <inheritdoc/>
    public override string RemoteAddress { get; } = remoteAddress;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        while (!_peerClosed)
        {
            var result = await webSocket.ReceiveAsync(buffer, CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
                break;
            if (result.MessageType == WebSocketMessageType.Text)
                throw new TunnelException(Protocol.TunnelError.ProtocolError, "the peer sent a text message; tunnels use binary ones");
            // An empty message says nothing.
            if (result.Count > 0 || buffer.IsEmpty)
                return result.Count;
        }

        // The close may have come to a wait without a buffer; the socket fails if it is asked once more.
        _peerClosed = true;
        return 0;
    }

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> batch) =>
        webSocket.SendAsync(batch, WebSocketMessageType.Binary, WebSocketMessageFlags.EndOfMessage, CancellationToken.None);

    /// <inheritdoc/>
    public override async ValueTask CloseAsync(TimeSpan deadline)
    {
        // Waits for the peer's own close, too: ASP.NET's sockets end with a TCP reset, which may overtake what was sent last.
        using var timeout = new CancellationTokenSource(deadline, TimeProvider.System);
        try
        {
            if (webSocket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await webSocket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, timeout.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The connection is gone or the peer does not read: there is nobody to say it to.
            webSocket.Abort();
        }
    }

    /// <inheritdoc/>
    public override void Abort() => webSocket.Abort();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        webSocket.Dispose();
        return ValueTask.CompletedTask;
    }
}
