using System.Globalization;
using Pico.Benchmarks.Reports;

namespace Pico.Benchmarks.Soak;

/// <summary>
/// Whether a run drifted: the median of the tenth that follows the first against that of the last tenth. The first is left out, since caches fill in it and code is compiled.
/// </summary>
internal static class SoakVerdict
{
    private const double MemoryGrowth = 1.05;
    private const double LatencyGrowth = 1.2;

    /// <summary>Connections come and go: what differs by less is what was open at the moment.</summary>
    private const double HandleGrowth = 1.05;
    private const int FewHandles = 8;

    /// <summary>Threads that the runtime's pool adds and gives up by its own measure.</summary>
    private const int FewThreads = 2;

    public static IReadOnlyList<Goal> Judge(IReadOnlyList<SoakSample> samples, IReadOnlyList<SoakLatency> latencies)
    {
        var goals = new List<Goal>();
        foreach (var process in samples[0].Processes.Keys)
        {
            void Add(string what, Func<Holdings, double> value, Func<double, double> limit, string unit, string format)
            {
                var (first, last) = Compare(samples, sample => sample.Progress, sample => value(sample.Processes[process]));
                goals.Add(Judge($"{process}: {what}", first, last, limit(first), unit, format));
            }

            Add("resident memory", held => held.Memory / 1e6, first => first * MemoryGrowth, " MB", "0.0");
            Add("handles", held => held.Handles, first => Math.Max(first * HandleGrowth, first + FewHandles), "", "0");
            Add("threads", held => held.Threads, first => first + FewThreads, "", "0");
        }

        var (before, after) = Compare(latencies, latency => latency.Progress, latency => latency.P99Milliseconds);
        goals.Add(Judge("p99 of small requests", before, after, before * LatencyGrowth, " ms", "0.00"));
        return goals;
    }

    private static Goal Judge(string text, double first, double last, double limit, string unit, string format)
    {
        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture) + unit;
        return new Goal(text, Text(limit), Text(first), Text(last), last <= limit);
    }

    private static (double First, double Last) Compare<T>(IReadOnlyList<T> items, Func<T, double> progress, Func<T, double> value)
    {
        double Median(double from, double to)
        {
            var values = items.Where(item => progress(item) >= from && progress(item) < to).Select(value).ToArray();
            return values.Length > 0 ? Pico.Benchmarks.Median.Of(values) : throw new BenchmarkException("The run was too short: a tenth of it has no figures.");
        }

        return (Median(0.1, 0.2), Median(0.9, double.PositiveInfinity));
    }
}
