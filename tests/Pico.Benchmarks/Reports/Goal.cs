using System.Globalization;

namespace Pico.Benchmarks.Reports;

/// <summary>A figure that Pico sets itself, and what was measured.</summary>
/// <param name="Text">What is asked for.</param>
/// <param name="Required">What must be reached, with its unit.</param>
/// <param name="Aimed">The goal beyond that; empty for none.</param>
/// <param name="Measured">What came out.</param>
/// <param name="IsMet">What is required was reached.</param>
internal sealed record Goal(string Text, string Required, string Aimed, string Measured, bool IsMet)
{
    /// <summary>The smallest object there is takes 24 bytes: less per request are objects of something else than requests, the readings of the counter among them.</summary>
    private const double NoObject = 16;

    /// <summary>It says nothing of how fast the machine is: a run in which it is missed fails.</summary>
    public bool IsGuard { get; private init; }

    /// <summary>The goals that these measurements can answer.</summary>
    public static IReadOnlyList<Goal> Compare(IReadOnlyList<Measurement> measurements)
    {
        Measurement? Find(string target, string scenario, int connections) =>
            measurements.FirstOrDefault(m => m.Target == target && m.Scenario == scenario && m.Connections == connections);

        var goals = new List<Goal>();
        void Ratio(string text, string target, string yardstick, string scenario, int connections, Func<Measurement, double> value, double required, double aimed = 0)
        {
            if (Find(target, scenario, connections) is { } pico && Find(yardstick, scenario, connections) is { } other)
                goals.Add(AtMost($"{text}, `{target}` against `{yardstick}`", value(pico) / value(other), required, aimed, " ×", "0.00"));
        }

        Ratio("CPU, `small` at 64 connections", "pico", "nginx", "small", 64, m => m.TotalCpuPer1000, 2.5, 1.8);
        Ratio("CPU, `small` at 64 connections", "pico-observed", "nginx", "small", 64, m => m.TotalCpuPer1000, 2.5, 1.8);
        Ratio("p50, `small` at one connection", "pico", "nginx", "small", 1, m => m.P50Milliseconds, 1.4, 1.15);
        Ratio("p99, `small` at 64 connections", "pico", "nginx", "small", 64, m => m.P99Milliseconds, 2.5, 1.5);
        Ratio("p99, `small` at 16 connections beside four downloads (`fairness`)", "pico", "nginx", "fairness", 16, m => m.P99Milliseconds, 2);
        Ratio("CPU per GB, `10m` at 8 connections", "pico", "nginx", "10m", 8, m => m.TotalCpuPerGigabyte, 1.7, 1.2);
        Ratio("CPU, `64k` at 64 connections", "pico", "nginx", "64k", 64, m => m.TotalCpuPer1000, 2.4, 1.8);
        Ratio("CPU of all processes, `small` at 64 connections", "pico-2nodes", "pico", "small", 64, m => m.TotalCpuPer1000, 1.6, 1.3);
        Ratio("CPU of the server, `small` at 64 connections", "pico-observed", "pico", "small", 64, m => m.CpuPer1000["server"], 1.15);
        if (Find("pico-2nodes", "small", 64) is { } relayed)
            goals.Add(AtMost("CPU of the node that relays against the one that parses, `small` at 64 connections", relayed.CpuPer1000["relay"] / relayed.CpuPer1000["server"], 0.8, 0, " ×", "0.00"));
        AddMemory(goals, "resident memory of the idle agent", Find("pico", "idle", 0)?.Resident, 20, 13);
        AddMemory(goals, "most resident memory of the agent, under all of these loads", Find("pico", "idle-after-load", 0)?.ResidentPeak, 40, 25);
        AddAllocations(goals, Find("pico", "small", 64), Find("yarp", "small", 64));
        return goals;
    }

    private static void AddMemory(List<Goal> goals, string text, IReadOnlyDictionary<string, double>? mebibytes, double required, double aimed)
    {
        if (mebibytes is not null && mebibytes.TryGetValue("agent", out var agent))
            goals.Add(AtMost(text, agent * 1.048576, required, aimed, " MB", "0.0") with { IsGuard = true });
    }

    private static void AddAllocations(List<Goal> goals, Measurement? pico, Measurement? yarp)
    {
        if (pico is null)
            return;
        if (yarp is not null)
            goals.Add(AtMost("allocated in the server per request, `small` at 64 connections, against `yarp`", pico.Allocated["server"] / yarp.Allocated["yarp"], 1, 0.25, " ×", "0.00") with { IsGuard = true });
        goals.Add(AtMost("allocated in the agent per request, `small` at 64 connections (an object has 24 B at least)", pico.Allocated["agent"], NoObject, 0, " B", "0.0") with { IsGuard = true });
    }

    private static Goal AtMost(string text, double measured, double required, double aimed, string unit, string format)
    {
        string Text(double value, string how) => value.ToString(how, CultureInfo.InvariantCulture) + unit;
        return new Goal(text, Text(required, "0.##"), aimed > 0 ? Text(aimed, "0.##") : "", Text(measured, format), measured <= required);
    }
}
