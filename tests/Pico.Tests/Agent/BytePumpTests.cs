using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.Agent.Forwarding;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Buffers;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

/// <summary>A real socket pair, a real tunnel in memory, and the pump between them.</summary>
public sealed class BytePumpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ForwardingStatistics _statistics = new();

    private static CancellationToken Soon =>
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, new CancellationTokenSource(Patience, TimeProvider.System).Token).Token;

    [Fact]
    public async Task HalfClose_OfTheClient_ReachesTheService_WhichStillAnswers()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (client, service, pump) = await StartAsync(pair);

        await client.WriteAsync("question"u8.ToArray(), Soon);
        client.CompleteOutput();
        Assert.Equal("question", await ReadToEndAsync(service));
        await service.SendAsync("answer"u8.ToArray(), SocketFlags.None, Soon);
        service.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(client.AsStream());

        Assert.Equal("answer", await reader.ReadToEndAsync(Soon));
        Assert.Null(await pump.WaitAsync(Soon));
    }

    [Fact]
    public async Task HalfClose_OfTheService_ReachesTheClient_WhichStillSends()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (client, service, pump) = await StartAsync(pair);

        await service.SendAsync("greeting"u8.ToArray(), SocketFlags.None, Soon);
        service.Shutdown(SocketShutdown.Send);
        var greeting = await client.Input.ReadAtLeastAsync(8, Soon);
        client.Input.AdvanceTo(greeting.Buffer.End);
        Assert.True((await client.Input.ReadAsync(Soon)).IsCompleted);
        await client.WriteAsync("more"u8.ToArray(), Soon);
        client.CompleteOutput();

        Assert.Equal("more", await ReadToEndAsync(service));
        Assert.Null(await pump.WaitAsync(Soon));
    }

    [Fact]
    public async Task Reset_ByTheService_ResetsTheStream()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (client, service, pump) = await StartAsync(pair);

        service.LingerState = new LingerOption(true, 0);
        service.Close();

        var broken = await Assert.ThrowsAsync<StreamException>(async () => await client.Input.ReadAsync(Soon));
        Assert.Equal(StreamError.ServiceReset, broken.Error);
        Assert.NotNull(await pump.WaitAsync(Soon));
    }

    [Fact]
    public async Task Reset_ByTheClient_ResetsTheConnection()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (client, service, pump) = await StartAsync(pair);

        client.Abort(StreamError.Cancelled);

        var broken = await Assert.ThrowsAsync<SocketException>(async () => await service.ReceiveAsync(new byte[1], SocketFlags.None, Soon));
        Assert.Equal(SocketError.ConnectionReset, broken.SocketErrorCode);
        await pump.WaitAsync(Soon);
    }

    [Fact]
    public async Task EarlyAnswer_OfAServiceThatStopsReading_ComesWhole()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (client, service, _) = await StartAsync(pair);
        var answer = new byte[100_000];
        Random.Shared.NextBytes(answer);

        // It answers, ends its side, and closes without having read what the client goes on sending.
        await service.SendAsync(answer, SocketFlags.None, Soon);
        service.Shutdown(SocketShutdown.Send);
        var writing = WriteUntilRefusedAsync(client);
        var received = new MemoryStream();
        await client.Input.AsStream(leaveOpen: true).CopyToAsync(received, Soon);
        service.Close();

        Assert.Equal(answer, received.ToArray());
        client.Abort(StreamError.Cancelled);
        await writing.WaitAsync(Soon);
    }

    [Fact]
    public async Task LargeTransfers_BothWaysAtOnce_ArriveIntact()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (client, service, pump) = await StartAsync(pair);
        var echo = TestService.EchoAsync(service);
        var sent = new byte[8 * 1024 * 1024];
        Random.Shared.NextBytes(sent);

        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < sent.Length; i += 100_000)
                await client.WriteAsync(sent.AsMemory(i, Math.Min(100_000, sent.Length - i)), Soon);
            client.CompleteOutput();
        }, Soon);
        var received = new MemoryStream();
        await client.Input.AsStream(leaveOpen: true).CopyToAsync(received, Soon);
        await writing;
        await echo;
        // Until here it is needed: a socket that is collected resets its connection, also what it sent and nobody has received yet.
        service.Dispose();

        Assert.True(sent.AsSpan().SequenceEqual(received.ToArray()));
        Assert.Null(await pump.WaitAsync(Soon));
        Assert.Equal((sent.Length, sent.Length), (_statistics.ToService, _statistics.FromService));
    }

    [Fact]
    public void ReceiveSize_FollowsWhatReadsFill()
    {
        var size = new ReceiveSize();
        Assert.True(size.IsSmallest);
        size.Note(4 * 1024, 4 * 1024);
        Assert.Same(BlockPool.Medium, size.Pool);
        // A smaller block than was asked for, because the budget was used up, says nothing about the size.
        size.Note(4 * 1024, 4 * 1024);
        Assert.Same(BlockPool.Medium, size.Pool);
        size.Note(32 * 1024, 32 * 1024);
        size.Note(128 * 1024, 128 * 1024);
        Assert.Same(BlockPool.Large, size.Pool);
        size.Note(9 * 1024, 128 * 1024);
        Assert.Same(BlockPool.Large, size.Pool);
        size.Note(7 * 1024, 128 * 1024);
        Assert.Same(BlockPool.Medium, size.Pool);
        size.Note(1, 32 * 1024);
        Assert.True(size.IsSmallest);
    }

    [Fact]
    public void ReceiveBuffers_BeyondTheBudget_AreTheSmallest()
    {
        var buffers = new ReceiveBuffers(256 * 1024);
        var size = new ReceiveSize();
        size.Note(4 * 1024, 4 * 1024);
        size.Note(32 * 1024, 32 * 1024);

        // The largest take half of the budget at the most, the middle size all of it.
        var large = buffers.Rent(size);
        var mediums = Enumerable.Range(0, 4).Select(_ => buffers.Rent(size)).ToArray();
        var small = buffers.Rent(size);
        Assert.Equal(128 * 1024, large.Memory.Length);
        Assert.All(mediums, medium => Assert.Equal(32 * 1024, medium.Memory.Length));
        Assert.Equal(4 * 1024, small.Memory.Length);
        buffers.Return(small);
        foreach (var medium in mediums)
            buffers.Return(medium);
        buffers.Return(large);
        large = buffers.Rent(size);
        Assert.Equal(128 * 1024, large.Memory.Length);
        buffers.Return(large);
    }

    [Fact]
    public void ReceiveBuffers_GiveBlocksToWaitWith_ToSoManyConnectionsOnly()
    {
        var buffers = new ReceiveBuffers(0);
        var waiting = Enumerable.Range(0, 300).Select(_ => buffers.BeginWaiting()).ToArray();
        Assert.Equal(256, waiting.Count(block => block is not null));
        foreach (var block in waiting)
            buffers.EndWaiting(block);
        Assert.NotNull(buffers.BeginWaiting());
    }

    private static async Task WriteUntilRefusedAsync(TunnelStream client)
    {
        var part = new byte[64 * 1024];
        try
        {
            while (true)
                await client.WriteAsync(part, Soon);
        }
        catch (StreamException)
        {
            // As expected: nobody reads.
        }
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[1024];
        while (await socket.ReceiveAsync(buffer, SocketFlags.None, Soon) is > 0 and var received)
            text.Append(Encoding.ASCII.GetString(buffer, 0, received));
        return text.ToString();
    }

    private async Task<(TunnelStream Client, Socket Service, Task<Exception?> Pump)> StartAsync(TunnelPair pair)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var agentSide = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await agentSide.ConnectAsync(listener.LocalEndpoint, Soon);
        var service = await listener.AcceptSocketAsync(Soon);
        service.NoDelay = true;
        var (client, stream) = await pair.OpenAsync(Soon);
        var pump = new BytePump(new ReceiveBuffers(1024 * 1024), TimeProvider.System, _statistics);
        return (client, service, pump.RunAsync(stream, new SocketConnection(agentSide)));
    }
}
