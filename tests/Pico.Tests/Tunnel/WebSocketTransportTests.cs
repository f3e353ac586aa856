using System.Net.WebSockets;
using Pico.Tunnel.Transports;

namespace Pico.Tests.Tunnel;

public sealed class WebSocketTransportTests
{
    private static CancellationToken Deadline => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receive_AfterThePeersClose_SaysSoEachTime()
    {
        var (near, far) = MemoryTransport.CreateStreams();
        using var peer = WebSocket.CreateFromStream(far, new WebSocketCreationOptions());
        await using var transport = new WebSocketTransport(WebSocket.CreateFromStream(near, new WebSocketCreationOptions { IsServer = true }), "peer");
        await peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Deadline);
        // A wait without a buffer may be what learns of it.
        Assert.Equal(0, await transport.ReceiveAsync(Memory<byte>.Empty));
        Assert.Equal(0, await transport.ReceiveAsync(new byte[100]));
    }
}
