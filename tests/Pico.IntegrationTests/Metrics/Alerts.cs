using System.Text.RegularExpressions;
using Pico.Tests;

namespace Pico.IntegrationTests.Metrics;

/// <summary>The alerts of the chart.</summary>
internal static partial class Alerts
{
    /// <summary>The file with the rules.</summary>
    public static string File { get; } = Path.Combine(Repository.Root, "charts", "pico", "files", "alerts.yaml");

    /// <summary>The names of all.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Name().Matches(System.IO.File.ReadAllText(File)).Select(m => m.Groups[1].Value)];

    /// <summary>The rules, but without patience: what is so for a moment fires.</summary>
    public static string Impatient() => For().Replace(System.IO.File.ReadAllText(File), "for: 0s");

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Name();

    [GeneratedRegex(@"\bfor: \w+")]
    private static partial Regex For();
}
