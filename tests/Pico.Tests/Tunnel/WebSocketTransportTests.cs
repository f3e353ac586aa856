using System.Net.WebSockets;
using Pico.Tunnel;
using Pico.Tunnel.Connections;
using Pico.Tunnel.Transports;

namespace Pico.Tests.Tunnel;

/// <summary>Against the framework's WebSocket, and against bytes that no sound peer sends.</summary>
public sealed class WebSocketTransportTests
{
    private const int Headroom = TunnelTransport.Headroom;

    private static CancellationToken Deadline => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Messages_OfEverySizeOfHeader_ReachAPeerThatIsNotOurs(bool isClient)
    {
        var (peer, transport, _) = Connect(isClient);
        using (peer)
        {
            await using var disposed = transport;
            foreach (var size in new[] { 1, 125, 126, 65_535, 65_536, 130_000 })
            {
                var batch = new byte[Headroom + size];
                Random.Shared.NextBytes(batch);
                var sent = batch[Headroom..];
                var sending = transport.SendAsync(batch);
                var received = new byte[size];
                for (var count = 0; count < size;)
                {
                    var result = await peer.ReceiveAsync(received.AsMemory(count), Deadline);
                    Assert.Equal(WebSocketMessageType.Binary, result.MessageType);
                    count += result.Count;
                    Assert.Equal(count == size, result.EndOfMessage);
                }

                await sending;
                Assert.Equal(sent, received);
            }
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Messages_OfAPeerThatIsNotOurs_AreReceivedWhole_PartsAndPingsAmongThem(bool isClient, bool keepsBlock)
    {
        var (peer, transport, _) = Connect(isClient);
        using (peer)
        {
            await using var disposed = transport;
            var sent = new byte[400_000];
            Random.Shared.NextBytes(sent);
            var sending = SendInPartsAsync(peer, sent);
            var receiver = new FrameReceiver(transport, keepsBlock);
            var received = new List<byte>();
            while (await receiver.ReceiveAsync())
            {
                // What is left lies before what comes next, whatever framing is between them.
                var taken = Math.Max(0, receiver.Unread.Length - 3);
                received.AddRange(receiver.Unread[..taken]);
                receiver.Consume(taken);
            }

            received.AddRange(receiver.Unread);
            await sending;
            Assert.Equal(sent, received);
        }
    }

    [Fact]
    public async Task Ping_IsAnswered()
    {
        var (near, far) = MemoryTransport.CreateStreams();
        await using var transport = new WebSocketTransport(near, isClient: true, "peer");
        var receiver = new FrameReceiver(transport, keepsBlock: true);
        await far.WriteAsync(new byte[] { 0x89, 3, 7, 8, 9, 0x82, 1, 42 }, Deadline);
        Assert.True(await receiver.ReceiveAsync());
        Assert.Equal([42], receiver.Unread.ToArray());

        var pong = new byte[2 + 4 + 3];
        await far.ReadExactlyAsync(pong, Deadline);
        Assert.Equal([0x8A, 0x83], pong[..2]);
        Assert.Equal([7, 8, 9], pong[6..].Select((b, i) => (byte)(b ^ pong[2 + i])));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_AfterThePeersClose_SaysSoEachTime(bool keepsBlock)
    {
        var (peer, transport, _) = Connect(isClient: false);
        using (peer)
        {
            await using var disposed = transport;
            await peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Deadline);
            var receiver = new FrameReceiver(transport, keepsBlock);
            Assert.False(await receiver.ReceiveAsync());
            Assert.False(await receiver.ReceiveAsync());
        }
    }

    [Fact]
    public async Task Close_WaitsForThePeersOwn()
    {
        var (peer, transport, _) = Connect(isClient: true);
        using (peer)
        {
            await using var disposed = transport;
            var draining = new FrameReceiver(transport, keepsBlock: false).DrainAsync();
            var closing = transport.CloseAsync(TimeSpan.FromMinutes(1)).AsTask();
            var result = await peer.ReceiveAsync(new byte[10], Deadline);
            Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.NormalClosure), (result.MessageType, peer.CloseStatus));
            Assert.False(closing.IsCompleted);
            await peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Deadline);
            await closing.WaitAsync(Deadline);
            await draining.WaitAsync(Deadline);
        }
    }

    [Theory]
    [InlineData("81016B", "text")]
    [InlineData("8281000000006B", "masks")]
    [InlineData("C2016B", "malformed")]
    [InlineData("827F8000000000000000", "malformed")]
    [InlineData("0900", "malformed")]
    [InlineData("897E0080", "malformed")]
    [InlineData("8B00", "may not send")]
    [InlineData("8300", "none of a binary message")]
    [InlineData("8000", "none of a binary message")]
    [InlineData("02008200", "none of a binary message")]
    public async Task Client_RefusesWhatNoServerMaySend(string bytes, string reason)
    {
        var (near, far) = MemoryTransport.CreateStreams();
        await using var transport = new WebSocketTransport(near, isClient: true, "peer");
        await far.WriteAsync(Convert.FromHexString(bytes), Deadline);
        await far.DisposeAsync();
        var receiver = new FrameReceiver(transport, keepsBlock: true);
        var exception = await Assert.ThrowsAsync<TunnelException>(async () => await receiver.ReceiveAsync());
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.False(await receiver.ReceiveAsync());
    }

    [Fact]
    public async Task Server_RefusesAClientThatDoesNotMask()
    {
        var (near, far) = MemoryTransport.CreateStreams();
        await using var transport = new WebSocketTransport(near, isClient: false, "peer");
        await far.WriteAsync(new byte[] { 0x82, 1, 42 }, Deadline);
        await Assert.ThrowsAsync<TunnelException>(async () => await new FrameReceiver(transport, keepsBlock: true).ReceiveAsync());
    }

    [Fact]
    public void ApplyMask_InPieces_IsTheSameAsAtOnce()
    {
        var data = new byte[300];
        Random.Shared.NextBytes(data);
        var expected = data.Select((b, i) => (byte)(b ^ (i % 4 + 1))).ToArray();
        for (var cut = 0; cut < 100; cut++)
        {
            var masked = data.ToArray();
            var mask = WebSocketFrame.ApplyMask(masked.AsSpan(0, cut), BitConverter.ToUInt32([1, 2, 3, 4]));
            WebSocketFrame.ApplyMask(masked.AsSpan(cut), mask);
            Assert.Equal(expected, masked);
        }
    }

    private static (WebSocket Peer, WebSocketTransport Transport, Stream Far) Connect(bool isClient)
    {
        var (near, far) = MemoryTransport.CreateStreams();
        var options = new WebSocketCreationOptions { IsServer = isClient, KeepAliveInterval = TimeSpan.Zero };
        return (WebSocket.CreateFromStream(far, options), new WebSocketTransport(near, isClient, "peer"), far);
    }

    private static async Task SendInPartsAsync(WebSocket peer, byte[] data)
    {
        var sizes = new[] { 1, 0, 2, 125, 126, 7, 70_000, 3, 128 * 1024, 10 };
        for (var (sent, i) = (0, 0); sent < data.Length; i++)
        {
            var count = Math.Min(sizes[i % sizes.Length], data.Length - sent);
            await peer.SendAsync(data.AsMemory(sent, count), WebSocketMessageType.Binary, endOfMessage: i % 3 == 0 || sent + count == data.Length, Deadline);
            sent += count;
        }

        await peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Deadline);
    }
}
