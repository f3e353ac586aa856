using System.Globalization;

namespace Pico.Benchmarks.Processes;

/// <summary>A page of metrics in Prometheus' text format.</summary>
internal static class MetricsPage
{
    /// <summary>The sum of a metric's series; null if the page has none.</summary>
    public static double? Sum(string page, string name)
    {
        double? sum = null;
        foreach (var line in page.AsSpan().EnumerateLines())
        {
            // name{labels} value [timestamp], or name value [timestamp]
            if (!line.StartsWith(name, StringComparison.Ordinal) || line.Length <= name.Length || line[name.Length] is not (' ' or '{'))
                continue;
            var value = line[(line[name.Length] == '{' ? line.LastIndexOf('}') + 1 : name.Length)..].Trim();
            var end = value.IndexOf(' ');
            sum = (sum ?? 0) + double.Parse(end < 0 ? value : value[..end], CultureInfo.InvariantCulture);
        }

        return sum;
    }
}
