using Pico.Server.Proxy;
using Pico.Server.Upstreams;

namespace Pico.Tests.Server.Admin;

public sealed class EndpointTrafficTests
{
    private const long Frequency = 1_000_000_000;

    private readonly EndpointTraffic _traffic = new();
    private long _now = 1000 * Frequency;

    [Fact]
    public void Read_SteadyRequests_GivesTheirRateAndErrors()
    {
        for (var second = 0; second < 30; second++)
        {
            for (var i = 0; i < 20; i++)
            {
                _now += Frequency / 20;
                Count(i < 5 ? 503 : 200);
            }
        }

        var figures = _traffic.Read(_now + (Frequency / 2), Frequency);

        Assert.InRange(figures.RequestsPerSecond, 18, 21);
        Assert.InRange(figures.ErrorsPerSecond, 4, 6);
        Assert.Equal(503, figures.LastStatus);
    }

    [Fact]
    public void Read_AWhileAfterTheLastRequest_GivesNothing()
    {
        Count(502);

        var figures = _traffic.Read(_now + (20 * Frequency), Frequency);

        Assert.Equal((0, 0), (figures.RequestsPerSecond, figures.ErrorsPerSecond));
        Assert.Null(_traffic.Durations(_now + (20 * Frequency), Frequency));
        Assert.Equal(TimeSpan.FromSeconds(20), figures.FailingFor);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(2500)]
    public void Durations_OfOneKindAndAFewSlowOnes_AreFoundToAFifth(double milliseconds)
    {
        for (var i = 0; i < 1000; i++)
            Count(200, milliseconds: i < 950 ? milliseconds : milliseconds * 10);

        var (median, p99) = _traffic.Durations(_now, Frequency)!.Value;

        Assert.InRange(median.TotalMilliseconds, milliseconds * 0.75, milliseconds * 1.3);
        Assert.InRange(p99.TotalMilliseconds, milliseconds * 7.5, milliseconds * 13);
    }

    [Fact]
    public void FailingFor_OneSuccess_Ends()
    {
        Count(502, ProxyError.UpstreamUnreachable);
        _now += Frequency;
        Count(499, ProxyError.ClientGone);
        Assert.Equal(TimeSpan.FromSeconds(1), _traffic.Read(_now, Frequency).FailingFor);

        Count(200);

        Assert.Null(_traffic.Read(_now, Frequency).FailingFor);
    }

    [Theory]
    [InlineData(200, (int)ProxyError.UpstreamUnreachable, true)]
    [InlineData(503, (int)ProxyError.None, true)]
    [InlineData(404, (int)ProxyError.None, false)]
    [InlineData(429, (int)ProxyError.RateLimited, false)]
    [InlineData(499, (int)ProxyError.ClientGone, false)]
    public void IsError_OnlyWhatIsNotTheClientsFault(int status, int error, bool expected) => Assert.Equal(expected, EndpointTraffic.IsError(status, (ProxyError)error));

    [Fact]
    public async Task Count_FromManyThreads_LosesHardlyAny()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 25_000; i++)
                Count(200);
        })));

        Assert.InRange(_traffic.Read(_now, Frequency).RequestsPerSecond * (EndpointTraffic.Window - 1), 99_990, 100_000.1);
    }

    [Fact]
    public void Count_AllocatesNothing()
    {
        Count(200);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            _now += Frequency / 100;
            Count(i % 7 == 0 ? 502 : 200);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void Count(int status, ProxyError error = ProxyError.None, double milliseconds = 1) =>
        _traffic.Count(_now, Frequency, (long)(milliseconds * Frequency / 1000), status, error);
}
