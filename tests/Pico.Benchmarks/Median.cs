namespace Pico.Benchmarks;

/// <summary>The median of repeated measurements, taken of each value for itself.</summary>
internal static class Median
{
    /// <summary>Digits after the point: more than the measurement has.</summary>
    private const int Digits = 5;

    public static Measurement Of(IReadOnlyList<Measurement> samples)
    {
        var rates = samples.Select(sample => sample.RequestsPerSecond).ToArray();
        return samples[0] with
        {
            RequestsPerSecond = Of(rates),
            Spread = Math.Round((rates.Max() - rates.Min()) / Of(rates), Digits),
            P50Milliseconds = Of(samples.Select(sample => sample.P50Milliseconds)),
            P99Milliseconds = Of(samples.Select(sample => sample.P99Milliseconds)),
            MegabytesPerSecond = Of(samples.Select(sample => sample.MegabytesPerSecond)),
            CpuPer1000 = Of(samples, sample => sample.CpuPer1000),
            CpuPerGigabyte = Of(samples, sample => sample.CpuPerGigabyte),
            Allocated = Of(samples, sample => sample.Allocated),
            Resident = Of(samples, sample => sample.Resident),
            ResidentPeak = Of(samples, sample => sample.ResidentPeak),
        };
    }

    private static Dictionary<string, double> Of(
        IReadOnlyList<Measurement> samples, Func<Measurement, IReadOnlyDictionary<string, double>> values) =>
        values(samples[0]).Keys.ToDictionary(key => key, key => Of(samples.Select(sample => values(sample)[key])));

    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return Math.Round((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, Digits);
    }
}
