using Microsoft.Extensions.Time.Testing;
using Pico.Server.Hosting;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Upstreams;

public sealed class UpstreamConnectorTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RouteTable _routes = new();

    [Fact]
    public async Task Connect_EveryUpstreamRefuses_TriesEachOnceAndEjectsIt()
    {
        var upstreams = Add(3);

        var result = await Connect(TestContext.Current.CancellationToken);

        Assert.Equal(ProxyError.UpstreamUnreachable, result.Error);
        Assert.Equal("connection refused", result.Detail);
        Assert.All(upstreams, u => Assert.Equal((1, 0, true), (u.Opens, u.Outstanding, u.IsEjected)));
    }

    [Theory]
    [InlineData(StreamError.UnknownEndpoint, (int)ProxyError.NoAvailableUpstreams)]
    [InlineData(StreamError.Draining, (int)ProxyError.NoAvailableUpstreams)]
    [InlineData(StreamError.TooManyStreams, (int)ProxyError.Overloaded)]
    [InlineData(StreamError.ServiceTimeout, (int)ProxyError.UpstreamTimeout)]
    [InlineData(StreamError.TunnelLost, (int)ProxyError.UpstreamUnreachable)]
    public async Task Connect_Refused_GivesTheErrorThatFits(StreamError refusal, int expected)
    {
        Add(1)[0].OnOpen = _ => throw new StreamException(refusal, "no");

        var result = await Connect(TestContext.Current.CancellationToken);

        Assert.Equal((ProxyError)expected, result.Error);
    }

    [Fact]
    public async Task Connect_NoneOpen_SaysNoneAvailable()
    {
        Add(1)[0].Open = false;

        Assert.Equal(ProxyError.NoAvailableUpstreams, (await Connect(TestContext.Current.CancellationToken)).Error);
    }

    [Fact]
    public async Task Connect_ServiceNeverAccepts_TimesOut()
    {
        var upstream = Add(1)[0];
        upstream.OnOpen = Never;

        var connecting = Connect(TestContext.Current.CancellationToken);
        _time.Advance(new ProxyOptions().ConnectTimeout);

        Assert.Equal(ProxyError.UpstreamTimeout, (await connecting).Error);
        Assert.Equal(0, upstream.Outstanding);
        Assert.True(upstream.IsEjected);
    }

    [Fact]
    public async Task Connect_OneSaysNothing_AnotherIsTriedAfterAThirdOfTheTime()
    {
        var upstreams = Add(2);
        var hung = new TaskCompletionSource();
        foreach (var each in upstreams)
        {
            each.OnOpen = async cancellation =>
            {
                if (hung.TrySetResult())
                    return await Never(cancellation);
                throw new StreamException(StreamError.ServiceUnreachable, "the other one");
            };
        }

        var connecting = Connect(TestContext.Current.CancellationToken);
        await hung.Task;
        _time.Advance(new ProxyOptions().ConnectTimeout / 3);

        Assert.Equal("the other one", (await connecting).Detail);
        Assert.All(upstreams, u => Assert.Equal((1, 0, true), (u.Opens, u.Outstanding, u.IsEjected)));
    }

    [Fact]
    public async Task Connect_AllSayNothing_TimesOutWithinTheWholeTime()
    {
        var entered = new SemaphoreSlim(0);
        var upstreams = Add(5);
        foreach (var each in upstreams)
        {
            each.OnOpen = cancellation =>
            {
                entered.Release();
                return Never(cancellation);
            };
        }

        var connecting = Connect(TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await entered.WaitAsync(TestContext.Current.CancellationToken);
            Assert.False(connecting.IsCompleted);
            _time.Advance(new ProxyOptions().ConnectTimeout / 3);
        }

        _time.Advance(TimeSpan.FromMilliseconds(1)); // what thirds leave of it
        Assert.Equal(ProxyError.UpstreamTimeout, (await connecting).Error);
        Assert.Equal(3, upstreams.Sum(u => u.Opens));
        Assert.All(upstreams, u => Assert.Equal(0, u.Outstanding));
    }

    [Fact]
    public async Task Connect_ClientGoesAway_BlamesNoUpstream()
    {
        var upstream = Add(2)[0];
        using var client = new CancellationTokenSource();
        foreach (var each in _routes.Endpoints.Single().Upstreams.ToArray())
            ((TestUpstream)each).OnOpen = Never;

        var connecting = Connect(client.Token);
        await client.CancelAsync();

        Assert.Equal(ProxyError.ClientGone, (await connecting).Error);
        Assert.False(upstream.IsEjected);
    }

    private static async ValueTask<TunnelStream> Never(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        throw new InvalidOperationException();
    }

    private TestUpstream[] Add(int count)
    {
        var upstreams = Enumerable.Range(0, count).Select(_ => new TestUpstream("e", _time)).ToArray();
        foreach (var upstream in upstreams)
            _routes.Add(upstream);
        return upstreams;
    }

    private async Task<ConnectResult> Connect(CancellationToken cancellationToken)
    {
        Assert.True(_routes.TryGet("e", out var endpoint));
        return await new UpstreamConnector(new ProxyOptions(), TestMetrics.Create(_time), _time).ConnectAsync(endpoint, reuse: true, client: null, trace: default, cancellationToken);
    }
}
