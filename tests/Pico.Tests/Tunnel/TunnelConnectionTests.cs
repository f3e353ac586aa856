using System.Buffers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Tunnel;
using Pico.Tunnel.Buffers;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Streams;

namespace Pico.Tests.Tunnel;

public sealed class TunnelConnectionTests
{
    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System).Token;

    [Fact]
    public async Task Handshake_TellsEachSideWhoTheOtherIs()
    {
        await using var pair = await TunnelPair.CreateAsync();
        Assert.Equal("node-1", pair.Client.Remote.Id);
        Assert.Equal("agent-1", pair.Server.Remote.Id);
        Assert.True(pair.Client.IsOpen);
    }

    [Fact]
    public async Task Handshake_NotAdmitted_FailsWithTheReason()
    {
        var refused = await RefuseAsync();
        Assert.Equal((TunnelError.Draining, "going down"), (refused.Error, refused.Message));
    }

    /// <summary>An agent that looks for another node is refused again and again: on neither side may that leave a block to the garbage collector each time.</summary>
    [Fact]
    public async Task Handshake_NotAdmitted_KeepsNoMemory()
    {
        const int Times = 2000;
        var before = BlockPool.Large.Made;
        for (var i = 0; i < Times; i++)
            await RefuseAsync();
        Assert.InRange(BlockPool.Large.Made - before, 0, Times / 2); // other tests make some too
    }

    [Fact]
    public async Task Handshake_PeerSpeaksHttp_FailsAsProtocolError()
    {
        var (client, server) = MemoryTransport.CreateStreams();
        await client.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Deadline);
        var refused = await Assert.ThrowsAsync<TunnelException>(() => TunnelConnection.AcceptAsync(
            new Pico.Tunnel.Transports.StreamTransport(server, "x"), new TunnelHello { Id = "n" }, _ => null, new TestHandler(), TunnelOptions.Default, TimeProvider.System, NullLogger.Instance, Deadline));
        Assert.Equal(TunnelError.ProtocolError, refused.Error);
    }

    [Fact]
    public async Task Register_AnswersAcceptanceOrTheReason()
    {
        await using var pair = await TunnelPair.CreateAsync();
        pair.ServerHandler.Judge = r => r.EndpointId == "bad" ? "not yours" : null;
        Assert.Null(await pair.Client.RegisterAsync(new Registration { Id = 1, EndpointId = "good", Protocol = EndpointProtocol.Http }, Deadline));
        Assert.Equal("not yours", await pair.Client.RegisterAsync(new Registration { Id = 2, EndpointId = "bad", Protocol = EndpointProtocol.Tcp }, Deadline));
        await pair.Client.DeregisterAsync(1, Deadline);
        Assert.Equal(1u, await pair.ServerHandler.Deregistered.Reader.ReadAsync(Deadline));
    }

    [Fact]
    public async Task Open_CarriesItsMetadata()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var open = new StreamOpen
        {
            Protocol = EndpointProtocol.H2C,
            EndpointId = "orders",
            RegistrationId = 7,
            ClientAddress = new System.Net.IPEndPoint(System.Net.IPAddress.Parse("2001:db8::1"), 4711),
        };
        await pair.Server.OpenAsync(open, Deadline);
        var (_, seen) = await pair.ClientHandler.Opened.Reader.ReadAsync(Deadline);
        Assert.Equal(open, seen);
    }

    [Fact]
    public async Task Open_Refused_SaysWhy()
    {
        await using var pair = await TunnelPair.CreateAsync();
        pair.ClientHandler.AutoAccept = false;
        var opening = pair.Server.OpenAsync(TunnelPair.Tcp, Deadline).AsTask();
        var (stream, _) = await pair.ClientHandler.Opened.Reader.ReadAsync(Deadline);
        stream.Refuse(StreamError.ServiceUnreachable, "connection refused");
        var refused = await Assert.ThrowsAsync<StreamException>(() => opening);
        Assert.Equal((StreamError.ServiceUnreachable, "connection refused"), (refused.Error, refused.Message));
        Assert.Equal(0, pair.Server.StreamCount);
        Assert.Equal(0, pair.Client.StreamCount);
    }

    [Fact]
    public async Task Open_BeyondTheStreamLimit_IsRefusedAndTheTunnelLives()
    {
        await using var pair = await TunnelPair.CreateAsync(TunnelOptions.Default with { MaxStreams = 2 });
        await pair.OpenAsync(Deadline);
        await pair.OpenAsync(Deadline);
        var refused = await Assert.ThrowsAsync<StreamException>(() => pair.Server.OpenAsync(TunnelPair.Tcp, Deadline).AsTask());
        Assert.Equal(StreamError.TooManyStreams, refused.Error);
        Assert.True(pair.Server.IsOpen);
    }

    [Fact]
    public async Task Stream_CarriesBytesBothWaysAndHalfCloses()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        await server.WriteAsync("question"u8.ToArray(), Deadline);
        server.CompleteOutput();
        Assert.Equal("question", await ReadToEndAsync(client));
        await client.WriteAsync("answer"u8.ToArray(), Deadline);
        client.CompleteOutput();
        Assert.Equal("answer", await ReadToEndAsync(server));
        Assert.Equal(0, pair.Server.StreamCount);
        await pair.Client.WhenIdleAsync(Deadline);
    }

    [Theory]
    [InlineData(1, 100_000)]
    [InlineData(7, 300_000)]
    [InlineData(4096, 5_000_000)]
    [InlineData(1_000_000, 50_000_000)]
    public async Task Stream_MoreThanTheWindow_ArrivesWholeAndInOrder(int chunk, int total)
    {
        var data = new byte[total];
        new Random(1).NextBytes(data);
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        var send = Task.Run(async () =>
        {
            for (var sent = 0; sent < total; sent += chunk)
                await server.WriteAsync(data.AsMemory(sent, Math.Min(chunk, total - sent)), Deadline);

            server.CompleteOutput();
        });
        var received = 0;
        while (true)
        {
            var result = await client.Input.ReadAsync(Deadline);
            foreach (var memory in result.Buffer)
            {
                Assert.True(memory.Span.SequenceEqual(data.AsSpan(received, memory.Length)), $"the bytes from {received} on are others");
                received += memory.Length;
            }

            client.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }

        await send;
        Assert.Equal(total, received);
    }

    [Fact]
    public async Task Stream_NotRead_HoldsBackItsWriterOnly()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (stalled, _) = await pair.OpenAsync(Deadline);
        Assert.Equal(0, pair.Server.WindowWaits);
        var blocked = stalled.WriteAsync(new byte[10_000_000], Deadline).AsTask();
        var (server, client) = await pair.OpenAsync(Deadline);
        server.Traffic = new StreamTraffic();
        client.Traffic = new StreamTraffic();
        for (var i = 0; i < 100; i++)
        {
            await server.WriteAsync("ping"u8.ToArray(), Deadline);
            var result = await client.Input.ReadAtLeastAsync(4, Deadline);
            client.Input.AdvanceTo(result.Buffer.End);
        }

        Assert.False(blocked.IsCompleted);
        Assert.Equal(1, pair.Server.WindowWaits);
        Assert.Equal((400, 400), (server.Traffic.Sent, client.Traffic.Received));
        Assert.InRange(pair.Client.Bytes.Received, 256 * 1024, 256 * 1024 + 400);
    }

    [Fact]
    public async Task Abort_FailsPendingReadsAndWritesOnBothSides()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        var serverRead = server.Input.ReadAsync(Deadline).AsTask();
        var serverWrite = server.WriteAsync(new byte[10_000_000], Deadline).AsTask();
        var clientWrite = client.WriteAsync(new byte[10_000_000], Deadline).AsTask();
        client.Abort(StreamError.ServiceReset);
        Assert.Equal(StreamError.ServiceReset, (await Assert.ThrowsAsync<StreamException>(() => clientWrite)).Error);
        Assert.Equal(StreamError.ServiceReset, (await Assert.ThrowsAsync<StreamException>(() => serverWrite)).Error);
        // What came before the reset may have been read already; the next read tells.
        await Assert.ThrowsAsync<StreamException>(async () =>
        {
            await serverRead;
            server.Input.AdvanceTo((await server.Input.ReadAsync(Deadline)).Buffer.End);
        });
        Assert.True(pair.Server.IsOpen);
    }

    [Fact]
    public async Task Write_Cancelled_FailsAndTheStreamCanBeAborted()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        using var cancel = new CancellationTokenSource();
        var write = server.WriteAsync(new byte[10_000_000], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        await server.DisposeAsync();
        await Assert.ThrowsAsync<StreamException>(() => ReadToEndAsync(client));
    }

    [Fact]
    public async Task Input_CompletedEarly_ThrowsAwayTheRestWithoutHoldingBackThePeer()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        client.Input.Complete();
        await server.WriteAsync(new byte[5_000_000], Deadline);
        server.CompleteOutput();
        client.CompleteOutput();
        await pair.Server.WhenIdleAsync(Deadline);
    }

    [Fact]
    public async Task GoAway_RefusesNewStreamsAndLetsOpenOnesFinish()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        pair.Client.GoAway(TunnelError.Draining, "rolling");
        Assert.Equal((TunnelError.Draining, "rolling"), await pair.ServerHandler.GoneAway.Task.WaitAsync(Deadline));
        Assert.False(pair.Server.IsOpen);
        await Assert.ThrowsAsync<StreamException>(() => pair.Server.OpenAsync(TunnelPair.Tcp, Deadline).AsTask());
        await server.WriteAsync("still"u8.ToArray(), Deadline);
        server.CompleteOutput();
        Assert.Equal("still", await ReadToEndAsync(client));
    }

    [Fact]
    public async Task TransportLost_EndsTheTunnelAndEveryStream()
    {
        var (client, server) = MemoryTransport.CreatePair();
        await using var pair = await TunnelPair.CreateAsync(transports: (client, server));
        var (stream, _) = await pair.OpenAsync(Deadline);
        var read = stream.Input.ReadAsync(Deadline).AsTask();
        client.Abort();
        Assert.Equal(TunnelError.TransportLost, (await pair.Server.Completion.WaitAsync(Deadline)).Error);
        Assert.Equal(StreamError.TunnelLost, (await Assert.ThrowsAsync<StreamException>(() => read)).Error);
        Assert.Equal(0, pair.Server.StreamCount);
        await Assert.ThrowsAsync<TunnelException>(() => pair.Server.RegisterAsync(new Registration { Id = 1, EndpointId = "x", Protocol = EndpointProtocol.Http }, Deadline));
    }

    [Fact]
    public async Task Close_TellsThePeerWhy()
    {
        await using var pair = await TunnelPair.CreateAsync();
        await pair.Server.CloseAsync(TunnelError.TokenExpired, "the token expired");
        var end = await pair.Client.Completion.WaitAsync(Deadline);
        Assert.Equal((TunnelError.TokenExpired, "the token expired"), (end.Error, end.Message));
    }

    [Fact]
    public async Task AsStream_WorksAsAnyStream()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        await using var a = server.AsStream();
        await using var b = client.AsStream();
        await a.WriteAsync("hello"u8.ToArray(), Deadline);
        var buffer = new byte[5];
        await b.ReadExactlyAsync(buffer, Deadline);
        Assert.Equal("hello"u8.ToArray(), buffer);
    }

    private static async Task<string> ReadToEndAsync(TunnelStream stream)
    {
        while (true)
        {
            var result = await stream.Input.ReadAsync(Deadline);
            if (result.IsCompleted)
            {
                var text = Encoding.UTF8.GetString(result.Buffer.ToArray());
                stream.Input.AdvanceTo(result.Buffer.End);
                return text;
            }

            stream.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static async Task<TunnelException> RefuseAsync()
    {
        var (client, server) = MemoryTransport.CreatePair();
        var accept = TunnelConnection.AcceptAsync(
            server, new TunnelHello { Id = "n" }, _ => new TunnelEnd(TunnelError.Draining, "going down"), new TestHandler(), TunnelOptions.Default, TimeProvider.System, NullLogger.Instance, Deadline);
        var refused = await Assert.ThrowsAsync<TunnelException>(() => TunnelConnection.ConnectAsync(
            client, new TunnelHello { Id = "a" }, new TestHandler(), TunnelOptions.Default, TimeProvider.System, NullLogger.Instance, Deadline));
        await Assert.ThrowsAsync<TunnelException>(() => accept);
        return refused;
    }
}
