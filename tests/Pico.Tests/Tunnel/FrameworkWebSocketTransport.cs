using System.Net.WebSockets;
using Pico.Tunnel;
using Pico.Tunnel.Transports;

namespace Pico.Tests.Tunnel;

/// <summary>A tunnel over the framework's WebSocket: the peer, not ours, of <see cref="WebSocketTransport"/> in the tests of agent and server.</summary>
internal sealed class FrameworkWebSocketTransport(WebSocket webSocket) : TunnelTransport
{
    private bool _peerClosed; // the receiver's

    public override string RemoteAddress => "peer";

    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        while (!_peerClosed)
        {
            var result = await webSocket.ReceiveAsync(buffer, CancellationToken.None);
            _peerClosed = result.MessageType == WebSocketMessageType.Close;
            if (!_peerClosed && (result.Count > 0 || buffer.IsEmpty))
                return result.Count;
        }

        return 0;
    }

    public override ValueTask SendAsync(Memory<byte> batch) =>
        webSocket.SendAsync(batch[Headroom..], WebSocketMessageType.Binary, WebSocketMessageFlags.EndOfMessage, CancellationToken.None);

    public override async ValueTask CloseAsync(TimeSpan deadline)
    {
        using var timeout = new CancellationTokenSource(deadline, TimeProvider.System);
        try
        {
            if (webSocket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await webSocket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, timeout.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            webSocket.Abort();
        }
    }

    public override void Abort() => webSocket.Abort();

    public override ValueTask DisposeAsync()
    {
        webSocket.Dispose();
        return ValueTask.CompletedTask;
    }
}
