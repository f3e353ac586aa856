using Microsoft.Extensions.Time.Testing;
using Pico.Server.Limits;

namespace Pico.Tests.Server.Limits;

public sealed class RateTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Load _load = new();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Burst_OfOneSecondsWorth_IsTakenAndNoMore(int perSecond)
    {
        var rate = Rate.PerSecond(perSecond, _time);

        Assert.Equal(perSecond, TakeAll(rate));
    }

    [Fact]
    public void AfterABurst_WhatTheTimeBrings_IsTaken()
    {
        var rate = Rate.PerSecond(10, _time);
        TakeAll(rate);

        _time.Advance(TimeSpan.FromMilliseconds(300));

        Assert.Equal(3, TakeAll(rate));
    }

    [Fact]
    public void AfterALongPause_TheBurst_IsWholeAndNotMore()
    {
        var rate = Rate.PerSecond(10, _time);
        TakeAll(rate);

        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(10, TakeAll(rate));
    }

    [Fact]
    public void OverAMinute_ExactlyTheRate_IsTaken()
    {
        var rate = Rate.PerSecond(50, _time);
        var taken = 0;
        for (var i = 0; i < 60_000; i += 5)
        {
            taken += TakeAll(rate);
            _time.Advance(TimeSpan.FromMilliseconds(5));
        }

        Assert.InRange(taken, 60 * 50, 60 * 50 + 50);
    }

    [Fact]
    public async Task ManyThreads_TakeNoMoreTogether()
    {
        var rate = Rate.PerSecond(10_000, _time);

        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => TakeAll(rate))));

        Assert.Equal(10_000, taken.Sum());
    }

    [Fact]
    public void OwnRate_ReplacesTheUsualOne()
    {
        _load.Rate = Rate.PerSecond(3, _time);

        Assert.Equal(3, TakeAll(Rate.PerSecond(100, _time)));
    }

    [Fact]
    public void Zero_IsNoLimit() => Assert.Null(Rate.PerSecond(0, _time));

    [Fact]
    public void Load_IsAtRest_WhenItsBurstIsWholeAgain()
    {
        TakeAll(Rate.PerSecond(10, _time));
        Assert.False(_load.IsAtRest(_time.GetTimestamp()));

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(_load.IsAtRest(_time.GetTimestamp()));
    }

    private int TakeAll(Rate? rate)
    {
        var taken = 0;
        while (_load.TryTake(rate, _time.GetTimestamp()))
            taken++;
        return taken;
    }
}
