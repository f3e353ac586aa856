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
        AddRatio(goals, Find(measurements, "pico", "small", 64), Find(measurements, "nginx", "small", 64), "CPU of server and agent, `small` at 64 connections", "`nginx`", 3, m => m.TotalCpuPer1000);
        AddRatio(goals, Find(measurements, "pico", "small", 1), Find(measurements, "nginx", "small", 1), "p50, `small` at one connection", "`nginx`", 1.6, m => m.P50Milliseconds);
        AddRatio(goals, Find(measurements, "pico", "10m", 8), Find(measurements, "nginx", "10m", 8), "CPU per GB, `10m` at 8 connections", "`nginx`", 2, m => m.TotalCpuPerGigabyte);
        var (plain, observed) = (Find(measurements, "pico", "small", 64), Find(measurements, "pico-observed", "small", 64));
        AddRatio(goals, observed, plain, "CPU of the server with access log, traces and metrics on, `small` at 64 connections", "`pico`", 1.15, m => m.CpuPer1000["server"]);
        var relayed = Find(measurements, "pico-2nodes", "small", 64);
        AddRatio(goals, relayed, Find(measurements, "pico", "small", 64), "CPU of a relayed request, both nodes and agent, `small` at 64 connections", "`pico`", 1.6, m => m.TotalCpuPer1000);
        if (relayed is not null)
        {
            var share = relayed.CpuPer1000["relay"] / relayed.CpuPer1000["server"];
            goals.Add(new Goal(
                "CPU of the node that relays, at most 0.8 × that of the node that parses, `small` at 64 connections",
                share.ToString("0.00 ×", CultureInfo.InvariantCulture), share <= 0.8));
        }

        if (Find(measurements, "pico", "idle", 0)?.Resident.GetValueOrDefault("agent") is { } agent)
        {
            var megabytes = agent * 1.048576; // of MiB
            goals.Add(new Goal("resident memory of the idle agent, at most 20 MB", megabytes.ToString("0.0 MB", CultureInfo.InvariantCulture), megabytes <= 20));
        }

        return goals;
    }

    private static void AddRatio(
        List<Goal> goals, Measurement? pico, Measurement? yardstick, string what, string than, double limit, Func<Measurement, double> value)
    {
        if (pico is null || yardstick is null)
            return;
        var ratio = value(pico) / value(yardstick);
        goals.Add(new Goal(
            $"{what}, at most {limit.ToString(CultureInfo.InvariantCulture)} × {than}",
            ratio.ToString("0.00 ×", CultureInfo.InvariantCulture), ratio <= limit));
    }

    private static Measurement? Find(IEnumerable<Measurement> measurements, string target, string scenario, int connections) =>
        measurements.FirstOrDefault(m => m.Target == target && m.Scenario == scenario && m.Connections == connections);
}
