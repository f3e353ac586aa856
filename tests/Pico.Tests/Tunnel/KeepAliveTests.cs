using Microsoft.Extensions.Time.Testing;
using Pico.Tunnel;
using Pico.Tunnel.Connections;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

public sealed class KeepAliveTests
{
    [Fact]
    public void RoundTrip_IsTheShortestOfTheLastSamples()
    {
        var keepAlive = new KeepAlive(interval: 1000, timeout: 1500, sampleEvery: 50, now: 0);
        keepAlive.EndPing(keepAlive.BeginPing(10), 40);
        Assert.Equal(30, keepAlive.RoundTrip);
        keepAlive.EndPing(keepAlive.BeginPing(100), 120);
        Assert.Equal(20, keepAlive.RoundTrip);
        keepAlive.EndPing(keepAlive.BeginPing(200), 290);
        Assert.Equal(20, keepAlive.RoundTrip);
        // A path that became longer is believed after the span of two buckets.
        keepAlive.EndPing(keepAlive.BeginPing(1000), 1090);
        keepAlive.EndPing(keepAlive.BeginPing(2000), 2090);
        Assert.Equal(90, keepAlive.RoundTrip);
    }

    [Fact]
    public void PathRoundTrip_IsTheShortestOfManyMoreSamples()
    {
        var keepAlive = new KeepAlive(interval: 1000, timeout: 1500, sampleEvery: 50, now: 0);
        keepAlive.EndPing(keepAlive.BeginPing(10), 20);
        for (var now = 100; now < 60_000; now += 100)
            keepAlive.EndPing(keepAlive.BeginPing(now), now + 90);
        Assert.Equal((90, 10), (keepAlive.RoundTrip, keepAlive.PathRoundTrip));
        for (var now = 60_000; now < 120_200; now += 100)
            keepAlive.EndPing(keepAlive.BeginPing(now), now + 90);
        Assert.Equal((90, 90), (keepAlive.RoundTrip, keepAlive.PathRoundTrip));
    }

    [Fact]
    public void Pong_ThatWasNotAskedFor_SaysNothing()
    {
        var keepAlive = new KeepAlive(interval: 1000, timeout: 1500, sampleEvery: 50, now: 0);
        var stamp = keepAlive.BeginPing(10);
        keepAlive.EndPing(stamp + 1, 11);
        Assert.Equal(0, keepAlive.RoundTrip);
    }

    [Fact]
    public void Silence_IsPingedAtTheInterval_AlsoAfterAnAnsweredPing()
    {
        var keepAlive = new KeepAlive(interval: 1000, timeout: 1500, sampleEvery: 50, now: 0);
        Assert.Equal((false, false, 1000), keepAlive.Check(900));
        Assert.Equal((true, false, 2000), keepAlive.Check(1000));
        var stamp = keepAlive.BeginPing(1000);
        keepAlive.OnReceived(1010);
        keepAlive.EndPing(stamp, 1010);
        Assert.Equal((false, false, 2010), keepAlive.Check(2000));
        Assert.True(keepAlive.Check(2010).Ping);
    }

    [Fact]
    public void PeerThatSendsSomethingAfterThePingAndThenDies_TimesOut()
    {
        var keepAlive = new KeepAlive(interval: 1000, timeout: 1500, sampleEvery: 50, now: 0);
        keepAlive.BeginPing(100);
        keepAlive.OnReceived(120);
        Assert.Equal((false, false, 1120), keepAlive.Check(1000));
        Assert.Equal((false, false, 1620), keepAlive.Check(1120));
        Assert.Equal((false, true), (keepAlive.Check(1620).Ping, keepAlive.Check(1620).TimedOut));
    }

    [Fact]
    public async Task SilentPeer_EndsTheTunnelAfterPingIntervalAndTimeout()
    {
        var time = new FakeTimeProvider();
        var script = Frames.Hello("peer");
        var transport = new SilentTransport(script);
        var tunnel = await TunnelConnection.AcceptAsync(
            transport, new TunnelHello { Id = "self" }, _ => null, new TestHandler(), TunnelOptions.Default, time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, CancellationToken.None);
        tunnel.Start();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(tunnel.Completion.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(20));
        var end = await tunnel.Completion.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.Equal(TunnelError.PingTimeout, end.Error);
    }

    /// <summary>Says HELLO and nothing more, without closing: a peer behind a cut cable.</summary>
    private sealed class SilentTransport(byte[] hello) : TunnelTransport
    {
        private readonly TaskCompletionSource<int> _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _position;

        public override string RemoteAddress => "silent";

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer)
        {
            if (_position == hello.Length)
                return new ValueTask<int>(_aborted.Task);
            var count = Math.Min(buffer.Length, hello.Length);
            hello.AsSpan(0, count).CopyTo(buffer.Span);
            _position += count;
            return ValueTask.FromResult(count);
        }

        public override ValueTask SendAsync(Memory<byte> batch) => ValueTask.CompletedTask;

        public override ValueTask CloseAsync(TimeSpan deadline) => ValueTask.CompletedTask;

        public override void Abort() => _aborted.TrySetException(new IOException("aborted"));

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
