using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pico.Agent.Forwarding;
using Pico.Tunnel;
using Pico.Tunnel.Buffers;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Splicing;

namespace Pico.Tests.Tunnel;

/// <summary>How a stream's end reaches those who wait for something else, and what a peer cannot make of ends.</summary>
public sealed class StreamEndTests
{
    private static CancellationToken Deadline => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OnBroken_IsCalledOnceAfterAReset_AtOnceIfItCameBefore_NeverAfterAnOrderlyEnd()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        var broken = Watch(client);
        server.Abort(StreamError.Cancelled);
        await broken.Task.WaitAsync(Deadline);
        await Watch(client).Task.WaitAsync(Deadline);

        (server, client) = await pair.OpenAsync(Deadline);
        broken = Watch(client);
        server.CompleteOutput();
        client.CompleteOutput();
        await pair.Client.WhenIdleAsync(Deadline);
        client.Abort(StreamError.Cancelled);
        Assert.False(broken.Task.IsCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pump_WhoseServiceNeitherReadsNorSends_EndsWhenTheStreamIsReset(bool afterHalfClose)
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        using var service = new SilentService();
        var pumping = new BytePump(new ReceiveBuffers(1024 * 1024), TimeProvider.System, new ForwardingStatistics()).RunAsync(client, service);
        if (afterHalfClose)
            server.CompleteOutput();
        else
            await server.WriteAsync("more than it takes"u8.ToArray(), Deadline);
        await service.StandsStill.Task.WaitAsync(Deadline);
        server.Abort(StreamError.Cancelled);
        await pumping.WaitAsync(Deadline);
    }

    [Fact]
    public async Task Splice_WhoseOtherSideIsSilent_EndsWhenAHalfClosedStreamIsReset()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (near, a) = await pair.OpenAsync(Deadline);
        var (far, b) = await pair.OpenAsync(Deadline);
        var splice = StreamSplice.RunAsync(new TunnelStreamEnd(a), new TunnelStreamEnd(b), TimeSpan.Zero, bytes: null, TimeProvider.System, Deadline);
        near.CompleteOutput();
        Assert.True((await far.Input.ReadAsync(Deadline)).IsCompleted);
        near.Abort(StreamError.IdleTimeout);
        Assert.Equal(StreamError.IdleTimeout, await splice.WaitAsync(Deadline));
        Assert.Equal(StreamError.IdleTimeout, await BreakOf(far));
    }

    [Fact]
    public async Task Splice_WhoseReaderTakesALotSlowly_OutlivesTheIdleTimeout()
    {
        const int Length = 200_000;
        var time = new FakeTimeProvider();
        await using var pair = await TunnelPair.CreateAsync();
        var (near, a) = await pair.OpenAsync(Deadline);
        await near.WriteAsync(new byte[Length], Deadline);
        near.CompleteOutput();
        var taken = 0L;
        var reader = new SlowReader(piece =>
        {
            // Less than the allowed time for 64 KiB, more than that for all.
            time.Advance(TimeSpan.FromSeconds(45.0 * piece / 65_536));
            taken += piece;
        });
        var splice = StreamSplice.RunAsync(new TunnelStreamEnd(a), reader, TimeSpan.FromMinutes(1), bytes: null, time, Deadline);
        reader.CompleteInput();
        Assert.Equal(StreamError.None, await splice.WaitAsync(Deadline));
        Assert.Equal(Length, taken);
    }

    [Fact]
    public async Task Close_WhoseLastFramesTakeLongToSend_SendsThemAll()
    {
        var time = new FakeTimeProvider();
        var (near, far) = MemoryTransport.CreatePair();
        var slow = new HeldTransport(near);
        await using var pair = await TunnelPair.CreateAsync(time: time, transports: (slow, far));
        var (server, client) = await pair.OpenAsync(Deadline);
        slow.Hold();
        await client.WriteAsync("the last words"u8.ToArray(), Deadline);
        client.CompleteOutput();
        server.CompleteOutput();
        var closing = pair.Client.CloseAsync(TunnelError.None, "done").AsTask();
        for (var i = 0; i < 80; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        slow.Release();
        var result = await server.Input.ReadAtLeastAsync(14, Deadline);
        Assert.Equal(14, result.Buffer.Length);
        await closing.WaitAsync(Deadline);
    }

    [Fact]
    public async Task Deregister_GivenUpAndAskedAgain_WaitsForTheSameAnswer()
    {
        await using var pair = await TunnelPair.CreateAsync(start: false);
        pair.Client.Start();
        using var cancel = new CancellationTokenSource();
        var first = pair.Client.DeregisterAsync(1, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = pair.Client.DeregisterAsync(1, Deadline);
        pair.Server.Start();
        await second;
    }

    [Fact]
    public async Task Dispose_WhileWhatWasReadIsLookedAt_LeavesItAlone()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (server, client) = await pair.OpenAsync(Deadline);
        var sent = new byte[4096];
        sent.AsSpan().Fill((byte)'a');
        await server.WriteAsync(sent, Deadline);
        var read = await client.Input.ReadAsync(Deadline);
        client.AsStream().Dispose();
        // What other streams do next with what the pool has.
        for (var i = 0; i < 64; i++)
            BlockPool.Small.Rent().Memory.Span.Fill((byte)'b');
        Assert.DoesNotContain((byte)'b', read.Buffer.ToArray());
    }

    [Fact]
    public async Task OpenAndReset_InTurns_CountUntilTheOwnerAnswers()
    {
        await using var pair = await TunnelPair.CreateAsync(TunnelOptions.Default with { MaxStreams = 3 });
        pair.ClientHandler.AutoAccept = false;
        var offered = new List<TunnelStream>();
        for (var i = 0; i < 3; i++)
        {
            using var cancel = new CancellationTokenSource();
            var opening = pair.Server.OpenAsync(TunnelPair.Tcp, cancel.Token).AsTask();
            offered.Add((await pair.ClientHandler.Opened.Reader.ReadAsync(Deadline)).Stream);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        }

        var refused = await Assert.ThrowsAsync<StreamException>(() => pair.Server.OpenAsync(TunnelPair.Tcp, Deadline).AsTask());
        Assert.Equal(StreamError.TooManyStreams, refused.Error);
        offered[0].Accept();
        offered[1].Refuse(StreamError.ServiceUnreachable, "down");
        await offered[2].DisposeAsync();
        pair.ClientHandler.AutoAccept = true;
        for (var i = 0; i < 3; i++)
            await pair.OpenAsync(Deadline);
    }

    [Fact]
    public async Task Tunnel_WhoseStreamIdsRunOut_AsksToBeReplacedAndThenOpensNothing()
    {
        await using var pair = await TunnelPair.CreateAsync();
        NextId(pair.Server) = int.MaxValue - 1 - (1 << 20);
        await pair.OpenAsync(Deadline);
        Assert.Equal(TunnelError.None, (await pair.ClientHandler.GoneAway.Task.WaitAsync(Deadline)).Reason);
        Assert.True(pair.Server.IsOpen);
        NextId(pair.Server) = int.MaxValue - 1;
        var (server, client) = await pair.OpenAsync(Deadline);
        Assert.False(pair.Server.IsOpen);
        await Assert.ThrowsAsync<StreamException>(() => pair.Server.OpenAsync(TunnelPair.Tcp, Deadline).AsTask());
        await server.WriteAsync(new byte[1], Deadline);
        Assert.Equal(1, (await client.Input.ReadAsync(Deadline)).Buffer.Length);
    }

    [Fact]
    public async Task Code_ThatIsNotKnown_IsInternal()
    {
        await using var pair = await TunnelPair.CreateAsync();
        pair.ClientHandler.AutoAccept = false;
        var opening = pair.Server.OpenAsync(TunnelPair.Tcp, Deadline).AsTask();
        (await pair.ClientHandler.Opened.Reader.ReadAsync(Deadline)).Stream.Refuse((StreamError)999, "new");
        Assert.Equal(StreamError.Internal, (await Assert.ThrowsAsync<StreamException>(() => opening)).Error);
        pair.Client.GoAway(TunnelError.Disposed, "never on the wire");
        Assert.Equal(TunnelError.Internal, (await pair.ServerHandler.GoneAway.Task.WaitAsync(Deadline)).Reason);
    }

    [Fact]
    public async Task Open_WithAWindowBeyondTheLimit_IsRefused()
    {
        var handler = new TestHandler();
        var transport = new ScriptedTransport([.. Frames.Hello("peer"), .. Frames.Open(1, uint.MaxValue), .. Frames.Open(3, int.MaxValue)], 1000);
        var tunnel = await TunnelConnection.AcceptAsync(
            transport, new TunnelHello { Id = "self" }, _ => null, handler, TunnelOptions.Default, TimeProvider.System, NullLogger.Instance, Deadline);
        tunnel.Start();
        await tunnel.Completion.WaitAsync(Deadline);
        Assert.Equal(1, handler.Opened.Reader.Count);
        Assert.Equal(3u, (await handler.Opened.Reader.ReadAsync(Deadline)).Stream.Id);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_nextId")]
    private static extern ref uint NextId(TunnelConnection tunnel);

    private static async Task<StreamError> BreakOf(TunnelStream stream)
    {
        await Watch(stream).Task.WaitAsync(Deadline);
        return stream.Error;
    }

    private static TaskCompletionSource Watch(TunnelStream stream)
    {
        var broken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        stream.OnBroken(static state => ((TaskCompletionSource)state!).SetResult(), broken);
        return broken;
    }

    /// <summary>An end of a splice that sends nothing and takes each piece in its own time.</summary>
    private sealed class SlowReader(Action<long> taking) : SpliceEnd
    {
        private readonly Pipe _nothing = new();

        public override PipeReader Input => _nothing.Reader;

        public void CompleteInput() => _nothing.Writer.Complete();

        public override async ValueTask WriteAsync(ReadOnlySequence<byte> data)
        {
            await Task.Yield();
            taking(data.Length);
        }

        public override void CompleteOutput()
        {
        }

        public override void Abort(StreamError error)
        {
        }
    }

    /// <summary>A transport whose sends wait while it is held.</summary>
    private sealed class HeldTransport(TunnelTransport inner) : TunnelTransport
    {
        private TaskCompletionSource _open = Opened();

        public override string RemoteAddress => inner.RemoteAddress;

        public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _open.SetResult();

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => inner.ReceiveAsync(buffer);

        public override async ValueTask SendAsync(Memory<byte> batch)
        {
            await _open.Task;
            await inner.SendAsync(batch);
        }

        public override ValueTask CloseAsync(TimeSpan deadline) => inner.CloseAsync(deadline);

        public override void Abort() => inner.Abort();

        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        private static TaskCompletionSource Opened()
        {
            var open = new TaskCompletionSource();
            open.SetResult();
            return open;
        }
    }

    /// <summary>A connection to a service that is stopped: no send and no receive ends before the connection does.</summary>
    private sealed class SilentService : ServiceConnection
    {
        private readonly TaskCompletionSource<int> _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource StandsStill { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override ValueTask<int> TryReceiveAsync(Memory<byte> buffer) => ValueTask.FromResult(-1);

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => new(_aborted.Task);

        public override ValueTask SendAsync(ReadOnlyMemory<byte> data)
        {
            StandsStill.TrySetResult();
            return new ValueTask(_aborted.Task);
        }

        public override ValueTask CompleteSendAsync()
        {
            StandsStill.TrySetResult();
            return ValueTask.CompletedTask;
        }

        public override void Abort() => _aborted.TrySetException(new SocketException((int)SocketError.OperationAborted));

        public override void Dispose() => Abort();
    }
}
