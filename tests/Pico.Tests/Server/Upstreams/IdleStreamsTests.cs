using System.Text;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Upstreams;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Upstreams;

public sealed class IdleStreamsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly IdleStreams _idle;

    public IdleStreamsTests() => _idle = new IdleStreams(_time);

    [Fact]
    public async Task Rent_AfterReturns_GivesTheLastFirst()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var first = await OpenAsync(pair);
        var second = await OpenAsync(pair);
        _idle.Return(first.Server);
        _idle.Return(second.Server);

        Assert.True(_idle.TryRent(out var rented));
        Assert.Same(second.Server, rented);
        Assert.True(_idle.TryRent(out rented));
        Assert.Same(first.Server, rented);
        Assert.False(_idle.TryRent(out _));
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("reset")]
    [InlineData("data")]
    public async Task Rent_StreamThatTheServiceTouchedWhileIdle_IsNeverGiven(string what)
    {
        await using var pair = await TunnelPair.CreateAsync();
        var (good, touched) = (await OpenAsync(pair), await OpenAsync(pair));
        _idle.Return(good.Server);
        _idle.Return(touched.Server);
        switch (what)
        {
            case "closed": touched.Client.CompleteOutput(); break;
            case "reset": touched.Client.Abort(StreamError.ServiceReset); break;
            default: await touched.Client.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 408"), TestContext.Current.CancellationToken); break;
        }

        // What is sent on a stream afterwards comes afterwards.
        await good.Client.WriteAsync(new byte[1], TestContext.Current.CancellationToken);
        var result = await good.Server.Input.ReadAsync(TestContext.Current.CancellationToken);
        good.Server.Input.AdvanceTo(result.Buffer.End);

        Assert.True(_idle.TryRent(out var rented));
        Assert.Same(good.Server, rented);
        Assert.False(_idle.TryRent(out _));
    }

    [Fact]
    public async Task Return_MoreThanAreKept_ClosesTheRest()
    {
        await using var pair = await TunnelPair.CreateAsync();
        for (var i = 0; i < IdleStreams.MaxCount + 3; i++)
            _idle.Return((await OpenAsync(pair)).Server);

        Assert.Equal(IdleStreams.MaxCount, _idle.Count);
        Assert.Equal(IdleStreams.MaxCount, pair.Server.StreamCount);
    }

    [Fact]
    public async Task Trim_OldStreams_AreClosedAndYoungOnesKept()
    {
        await using var pair = await TunnelPair.CreateAsync();
        _idle.Return((await OpenAsync(pair)).Server);
        _time.Advance(IdleStreams.MaxAge / 2);
        var young = (await OpenAsync(pair)).Server;
        _idle.Return(young);
        _time.Advance(IdleStreams.MaxAge / 2);

        _idle.Trim();

        Assert.Equal(1, pair.Server.StreamCount);
        Assert.True(_idle.TryRent(out var rented));
        Assert.Same(young, rented);
    }

    [Fact]
    public async Task Return_ThenNothing_IsClosedByItselfEachTime()
    {
        await using var pair = await TunnelPair.CreateAsync();
        for (var i = 0; i < 2; i++)
        {
            _idle.Return((await OpenAsync(pair)).Server);
            Assert.Equal(1, pair.Server.StreamCount);

            _time.Advance(IdleStreams.MaxAge + IdleStreams.TrimInterval);

            Assert.Equal(0, _idle.Count);
        }

        Assert.Equal(0, pair.Server.StreamCount);
    }

    [Fact]
    public async Task Close_WithIdleStreams_ClosesThemAndThoseThatStillCome()
    {
        await using var pair = await TunnelPair.CreateAsync();
        var late = (await OpenAsync(pair)).Server;
        _idle.Return((await OpenAsync(pair)).Server);

        _idle.Close();
        _idle.Return(late);

        Assert.False(_idle.TryRent(out _));
        Assert.Equal(0, pair.Server.StreamCount);
    }

    private static Task<(TunnelStream Server, TunnelStream Client)> OpenAsync(TunnelPair pair) => pair.OpenAsync(TestContext.Current.CancellationToken);
}
