using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Hosting;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Upstreams;

public sealed class UpstreamConnectorTests
{
    private static readonly TimeSpan Share = (new ProxyOptions().ConnectTimeout / 3) + TimeSpan.FromMilliseconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly RouteTable _routes = new();
    private readonly ConcurrentQueue<Upstream> _ejected = new(); // each when it was, however much time has run since
    private UpstreamConnector? _connector;

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
    public async Task Connect_OneSaysNothing_AnotherIsTriedBesideItAndTheFirstThatAcceptsIsIt()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (accepted, _) = await pair.OpenAsync(TestContext.Current.CancellationToken);
        Queue<Func<CancellationToken, ValueTask<TunnelStream>>> opens = new([Never, _ => ValueTask.FromResult(accepted)]);
        var upstreams = Add(2);
        foreach (var each in upstreams)
            each.OnOpen = cancellation => opens.Dequeue()(cancellation);

        var connecting = Connect(TestContext.Current.CancellationToken);
        _time.Advance(Share);

        var connected = await connecting;
        Assert.Same(accepted, connected.Stream);
        Assert.Equal([1, 1], upstreams.Select(u => u.Opens));
        var silent = upstreams.Single(u => u != connected.Upstream);
        Assert.Equal((0, true), (silent.Outstanding, silent.IsEjected));
        Assert.Equal((1, false), (connected.Upstream!.Outstanding, connected.Upstream.IsEjected));
    }

    [Fact]
    public async Task Connect_SlowServices_TheFirstIsWaitedForAndNoneIsEjected()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (accepted, _) = await pair.OpenAsync(TestContext.Current.CancellationToken);
        var slow = new TaskCompletionSource<TunnelStream>();
        var second = new TaskCompletionSource();
        Queue<Func<CancellationToken, ValueTask<TunnelStream>>> opens = new([_ => new(slow.Task), Second]);
        var upstreams = Add(2);
        foreach (var each in upstreams)
            each.OnOpen = cancellation => opens.Dequeue()(cancellation);

        var connecting = Connect(TestContext.Current.CancellationToken);
        _time.Advance(Share);
        await second.Task;
        slow.SetResult(accepted);

        Assert.Same(accepted, (await connecting).Stream);
        Assert.Equal([0, 1], upstreams.Select(u => u.Outstanding).Order());
        Assert.DoesNotContain(upstreams, u => u.IsEjected);

        ValueTask<TunnelStream> Second(CancellationToken cancellationToken)
        {
            second.SetResult();
            return Never(cancellationToken);
        }
    }

    [Fact]
    public async Task Connect_OneSaysNothingAndTheOthersAreFull_IsWaitedForToTheEnd()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (accepted, _) = await pair.OpenAsync(TestContext.Current.CancellationToken);
        var slow = new TaskCompletionSource<TunnelStream>();
        var upstreams = Add(3);
        foreach (var each in upstreams)
        {
            each.OnOpen = _ =>
            {
                foreach (var other in upstreams)
                    other.Refusal = ProxyError.RateLimited;
                return new(slow.Task);
            };
        }

        var connecting = Connect(TestContext.Current.CancellationToken);
        _time.Advance(2 * Share);
        slow.SetResult(accepted);

        Assert.Same(accepted, (await connecting).Stream);
        Assert.Equal(1, upstreams.Sum(u => u.Opens));
    }

    [Fact]
    public async Task Connect_AllSayNothing_TimesOutAndBlamesThoseThatHadTheirShareOnly()
    {
        var opens = new SemaphoreSlim(0);
        var upstreams = Add(5);
        foreach (var each in upstreams)
        {
            each.OnOpen = cancellation =>
            {
                opens.Release();
                return Never(cancellation);
            };
        }

        var connecting = Connect(TestContext.Current.CancellationToken);
        await opens.WaitAsync(TestContext.Current.CancellationToken);
        _time.Advance(Share);
        await opens.WaitAsync(TestContext.Current.CancellationToken);
        await Eventually.DoneAsync(connecting, _time, step: TimeSpan.FromMilliseconds(100));

        Assert.Equal(ProxyError.UpstreamTimeout, (await connecting).Error);
        Assert.All(upstreams, u => Assert.Equal(0, u.Outstanding));
        Assert.Equal(1, upstreams.Max(u => u.Opens));
        Assert.NotEmpty(_ejected);
        Assert.All(_ejected, u => Assert.Equal(1, ((TestUpstream)u).Opens));
    }

    [Fact]
    public async Task Connect_EverythingIsSilent_NoMoreThanSomeOpensAreBegunBesideOthers()
    {
        const int Requests = UpstreamConnector.MaxBeside + 10;
        var upstreams = Add(3);
        var opens = 0;
        foreach (var each in upstreams)
        {
            each.OnOpen = cancellation =>
            {
                Interlocked.Increment(ref opens);
                return Never(cancellation);
            };
        }

        using var clients = new CancellationTokenSource();
        var connecting = Enumerable.Range(0, Requests).Select(_ => Connect(clients.Token)).ToArray();
        _time.Advance(Share);

        await Eventually.TrueAsync(() => Volatile.Read(ref opens) >= Requests + UpstreamConnector.MaxBeside);
        await clients.CancelAsync();
        Assert.All(await Task.WhenAll(connecting), r => Assert.Equal(ProxyError.ClientGone, r.Error));
        Assert.Equal(Requests + UpstreamConnector.MaxBeside, opens);
        Assert.All(upstreams, u => Assert.Equal(0, u.Outstanding));

        // What was taken is given back.
        var next = Connect(TestContext.Current.CancellationToken);
        _time.Advance(Share);
        await Eventually.TrueAsync(() => Volatile.Read(ref opens) == Requests + UpstreamConnector.MaxBeside + 2);
        await Eventually.DoneAsync(next, _time, step: TimeSpan.FromSeconds(1));
        Assert.Equal(ProxyError.UpstreamTimeout, (await next).Error);
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
        if (_connector is null)
        {
            _connector = new UpstreamConnector(new ProxyOptions(), TestMetrics.Create(_time), _time);
            _connector.Ejected += (upstream, _) => _ejected.Enqueue(upstream);
        }

        return await _connector.ConnectAsync(endpoint, reuse: true, client: null, trace: default, cancellationToken);
    }
}
