using Pico.Cli.Bench;

namespace Pico.Tests.Cli.Bench;

public sealed class LatencyHistogramTests
{
    private const double Precision = 1.0 / 128;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(1_000_003)]
    [InlineData(3_600_000_000)]
    public void Percentile_OfOneTime_IsThatTime(long micros)
    {
        var histogram = new LatencyHistogram();

        histogram.Record(TimeSpan.FromMicroseconds(micros));

        Assert.Equal(TimeSpan.FromMicroseconds(micros), histogram.Percentile(50));
        Assert.Equal(TimeSpan.FromMicroseconds(micros), histogram.Max);
        Assert.Equal(TimeSpan.FromMicroseconds(micros), histogram.Mean);
    }

    [Fact]
    public void Percentiles_OfManyTimes_AreThoseOfTheSortedListButForTheBucketsWidth()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        var histogram = new LatencyHistogram();
        // From microseconds to minutes, each magnitude as likely.
        var times = Enumerable.Range(0, 20_000).Select(_ => (long)Math.Exp(random.NextDouble() * Math.Log(1e8))).ToArray();
        foreach (var time in times)
            histogram.Record(TimeSpan.FromMicroseconds(time));

        Array.Sort(times);
        Assert.All([0.01, 1, 50, 90, 99, 99.9, 100], percent =>
        {
            var exact = times[Math.Max(0, (int)Math.Ceiling(percent / 100 * times.Length) - 1)];
            Assert.InRange(histogram.Percentile(percent).TotalMicroseconds, exact, exact * (1 + Precision));
        });
        Assert.Equal(times.Average(), histogram.Mean.TotalMicroseconds, 1.0);
    }

    [Fact]
    public void Percentile_OfNothing_IsZero() => Assert.Equal(TimeSpan.Zero, new LatencyHistogram().Percentile(99));

    [Fact]
    public void Time_LongerThanAnHour_CountsAsOneButIsTheLongest()
    {
        var histogram = new LatencyHistogram();

        histogram.Record(TimeSpan.FromHours(3));

        Assert.InRange(histogram.Percentile(50), TimeSpan.FromHours(1), TimeSpan.FromHours(1.01));
        Assert.Equal(TimeSpan.FromHours(3), histogram.Max);
    }

    [Fact]
    public void Sum_OfTwo_IsAsIfOneHadRecordedAll()
    {
        var (one, other) = (new LatencyHistogram(), new LatencyHistogram());
        one.Record(TimeSpan.FromMilliseconds(1));
        other.Record(TimeSpan.FromMilliseconds(3));
        other.Record(TimeSpan.FromMilliseconds(200));

        one.Add(other);

        Assert.Equal((3, TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(68)), (one.Count, one.Max, one.Mean));
        Assert.InRange(one.Percentile(50).TotalMilliseconds, 3, 3 * (1 + Precision));
    }
}
