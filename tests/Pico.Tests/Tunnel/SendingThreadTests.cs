using Microsoft.Extensions.Time.Testing;
using Pico.Tunnel;

namespace Pico.Tests.Tunnel;

/// <summary>Which thread sends what was written. The clock stands still, so that writes of different streams are never far apart.</summary>
public sealed class SendingThreadTests : IAsyncLifetime
{
    private readonly ObservedTransport _transport;
    private readonly TunnelTransport _client;
    private TunnelPair _pair = null!;

    public SendingThreadTests()
    {
        var (client, server) = MemoryTransport.CreatePair();
        (_client, _transport) = (client, new ObservedTransport(server));
    }

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System).Token;

    public async ValueTask InitializeAsync() => _pair = await TunnelPair.CreateAsync(time: new FakeTimeProvider(), transports: (_client, _transport));

    public ValueTask DisposeAsync() => _pair.DisposeAsync();

    [Fact]
    public async Task Write_Alone_IsSentByTheWritersThread()
    {
        var stream = await OpenAloneAsync();
        for (var i = 0; i < 100; i++)
            Assert.True(IsSentHere(stream, 100));
    }

    [Fact]
    public async Task Write_OfMuch_IsLeftToAnotherThread()
    {
        var stream = await OpenAloneAsync();
        Assert.False(IsSentHere(stream, 32 * 1024));
    }

    [Fact]
    public async Task Write_CloseToAnotherStreams_IsLeftToAnotherThread()
    {
        var other = (await _pair.OpenAsync(Deadline)).Server;
        var stream = await OpenAloneAsync();
        Assert.False(IsSentHere(other, 100));
        Assert.False(IsSentHere(stream, 100));
    }

    [Fact]
    public async Task Write_DuringAnothers_IsNotSentByTheOthersThread()
    {
        var other = (await _pair.OpenAsync(Deadline)).Server;
        var stream = await OpenAloneAsync();
        var second = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _transport.Sending = (_, _) =>
        {
            _transport.Sending = (thread, _) => second.SetResult(thread);
            Write(other, 100);
        };
        Write(stream, 100);
        var here = Environment.CurrentManagedThreadId;
        var wasSent = second.Task.IsCompleted;
        var sender = await second.Task.WaitAsync(Deadline);
        // Later, this thread may be the pool's again.
        Assert.True(!wasSent || sender != here);
    }

    /// <summary>Opens a stream and writes until it is found that nobody else does.</summary>
    private async Task<TunnelStream> OpenAloneAsync()
    {
        var (stream, reader) = await _pair.OpenAsync(Deadline);
        var deadline = Deadline;
        while (!IsSentHere(stream, 1))
        {
            deadline.ThrowIfCancellationRequested();
            var read = await reader.Input.ReadAsync(deadline);
            reader.Input.AdvanceTo(read.Buffer.End);
            // What goes on where the other end's reader stands is a burst of its own.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        return stream;
    }

    private bool IsSentHere(TunnelStream stream, int bytes)
    {
        var here = Environment.CurrentManagedThreadId;
        var sentHere = false;
        _transport.Sending = (thread, _) => sentHere |= thread == here;
        Write(stream, bytes);
        _transport.Sending = null;
        return sentHere;
    }

    /// <summary>Not awaited, so that the thread stays the same: there is room and window.</summary>
    private static void Write(TunnelStream stream, int bytes) => Assert.True(stream.WriteAsync(new byte[bytes]).AsTask().IsCompletedSuccessfully);
}
