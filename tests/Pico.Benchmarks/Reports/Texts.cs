using System.Globalization;

namespace Pico.Benchmarks.Reports;

/// <summary>How figures are written, in the terminal and in the documentation.</summary>
internal static class Texts
{
    /// <summary>The columns of a table of loads.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["scenario", "connections", "target", "req/s", "±", "MB/s", "p50 ms", "p99 ms", "CPU s / 1000", "CPU s / GB", "allocated B / request", "RSS MiB"];

    public static string[] Row(Measurement measurement) =>
    [
        measurement.Scenario,
        measurement.Connections.ToString(CultureInfo.InvariantCulture),
        measurement.Target,
        measurement.RequestsPerSecond.ToString(measurement.RequestsPerSecond < 1000 ? "N1" : "N0", CultureInfo.InvariantCulture),
        measurement.Spread == 0 ? "–" : (measurement.Spread / 2).ToString("P0", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal),
        measurement.MegabytesPerSecond.ToString("N0", CultureInfo.InvariantCulture),
        measurement.P50Milliseconds.ToString("0.000", CultureInfo.InvariantCulture),
        measurement.P99Milliseconds.ToString("0.000", CultureInfo.InvariantCulture),
        measurement.IsBulk || measurement.CpuPer1000.Count == 0 ? "" : ByProcess(measurement.CpuPer1000, "0.0000"),
        measurement.IsBulk ? ByProcess(measurement.CpuPerGigabyte, "0.00") : "",
        measurement.Allocated.Count == 0 ? "" : ByProcess(measurement.Allocated, "0"),
        ByProcess(measurement.Resident, "0.0"),
    ];

    /// <summary><c>0.040 (server 0.031, agent 0.009)</c>; the parts only if there are several, a dash for none.</summary>
    public static string ByProcess(IReadOnlyDictionary<string, double> values, string format)
    {
        if (values.Count == 0)
            return "–";
        var total = values.Values.Sum().ToString(format, CultureInfo.InvariantCulture);
        return values.Count == 1
            ? total
            : $"{total} ({string.Join(", ", values.Select(value => $"{value.Key} {value.Value.ToString(format, CultureInfo.InvariantCulture)}"))})";
    }
}
