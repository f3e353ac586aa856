using Microsoft.Extensions.Time.Testing;
using Pico.Server.Upstreams;

namespace Pico.Tests.Server.Upstreams;

public sealed class EjectionTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Failed_AgainAfterEachProbe_GrowsToItsLimitWithJitter()
    {
        var ejection = new Ejection(_time);
        for (var i = 0; i < 8; i++)
        {
            ejection.Failed();
            var expected = Math.Min(Math.Pow(2, i), Ejection.MaxBackOff.TotalSeconds);
            var left = _time.GetElapsedTime(_time.GetTimestamp(), ejection.Until).TotalSeconds;
            Assert.InRange(left, expected * 0.749, expected * 1.251);

            Assert.False(ejection.TryTake());
            _time.Advance(TimeSpan.FromSeconds(left + 0.001));
            Assert.False(ejection.IsEjected);
            Assert.True(ejection.TryTake());
        }
    }

    [Fact]
    public void Failed_ManyAtOnce_CountAsOne()
    {
        var ejection = new Ejection(_time);
        for (var i = 0; i < 64; i++)
            ejection.Failed();

        _time.Advance(Ejection.MinBackOff * 1.26);
        Assert.True(ejection.TryTake());
    }

    [Fact]
    public void TryTake_BackOffOver_LetsOneProbe()
    {
        var ejection = new Ejection(_time);
        ejection.Failed();
        _time.Advance(Ejection.MinBackOff * 1.26);

        Assert.True(ejection.TryTake());
        Assert.False(ejection.TryTake());

        ejection.Abandoned();
        Assert.True(ejection.TryTake());

        ejection.Succeeded();
        Assert.True(ejection.TryTake());
        Assert.True(ejection.TryTake());
    }
}
