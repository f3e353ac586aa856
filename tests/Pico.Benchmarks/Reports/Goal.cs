using System.Globalization;

namespace Pico.Benchmarks.Reports;

/// <summary>A figure that Pico sets itself, and what was measured.</summary>
/// <param name="Text">What is asked for.</param>
/// <param name="Measured">What came out, with its unit.</param>
/// <param name="IsMet">It was reached.</param>
internal sealed record Goal(string Text, string Measured, bool IsMet)
{
    /// <summary>The goals that these measurements can answer.</summary>
    public static IReadOnlyList<Goal> Compare(IReadOnlyList<Measurement> measurements)
    {
        var goals = new List<Goal>();
        AddRatio(goals, measurements, "small", 64, "CPU of server and agent, `small` at 64 connections", 3, m => m.TotalCpuPer1000);
        AddRatio(goals, measurements, "small", 1, "p50, `small` at one connection", 1.6, m => m.P50Milliseconds);
        AddRatio(goals, measurements, "10m", 8, "CPU per GB, `10m` at 8 connections", 2, m => m.TotalCpuPerGigabyte);
        if (Find(measurements, "pico", "idle", 0)?.Resident.GetValueOrDefault("agent") is { } agent)
        {
            var megabytes = agent * 1.048576; // of MiB
            goals.Add(new Goal("resident memory of the idle agent, at most 20 MB", megabytes.ToString("0.0 MB", CultureInfo.InvariantCulture), megabytes <= 20));
        }

        return goals;
    }

    private static void AddRatio(
        List<Goal> goals, IReadOnlyList<Measurement> measurements, string scenario, int connections, string what, double limit, Func<Measurement, double> value)
    {
        if (Find(measurements, "pico", scenario, connections) is not { } pico || Find(measurements, "nginx", scenario, connections) is not { } nginx)
            return;
        var ratio = value(pico) / value(nginx);
        goals.Add(new Goal(
            $"{what}, at most {limit.ToString(CultureInfo.InvariantCulture)} × `nginx`",
            ratio.ToString("0.00 ×", CultureInfo.InvariantCulture), ratio <= limit));
    }

    private static Measurement? Find(IEnumerable<Measurement> measurements, string target, string scenario, int connections) =>
        measurements.FirstOrDefault(m => m.Target == target && m.Scenario == scenario && m.Connections == connections);
}
