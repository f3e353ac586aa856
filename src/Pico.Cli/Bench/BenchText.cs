using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pico.Cli.Settings;

namespace Pico.Cli.Bench;

/// <summary>A run's result, for people and for programs.</summary>
internal static class BenchText
{
    private static readonly (string Name, double Percent)[] Percentiles = [("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9)];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes lines: a name, then what there is.</summary>
    public static void Write(TextWriter output, BenchSettings settings, BenchResult result)
    {
        void Line(string name, string text) => output.WriteLine($"{name,-12}{text}");
        var seconds = Seconds(result);
        Line("endpoint", $"{settings.Endpoint} at {settings.Server}, {settings.Connections} connections, {(settings.Http2 ? "HTTP/2" : "HTTP/1.1")}{(settings.Rate > 0 ? $", {settings.Rate} requests/s wanted" : "")}");
        Line("requests", $"{ConsoleText.Number(result.Requests)} in {ConsoleText.Figure(seconds)} s: {ConsoleText.Figure(result.Requests / seconds)}/s");
        Line("failed", result.Failed == 0 ? "0" : $"{ConsoleText.Number(result.Failed)}: {(100.0 * result.Failed / result.Requests).ToString("0.###", CultureInfo.InvariantCulture)} %");
        if (result.Missed > 0)
            Line("not sent", $"{ConsoleText.Number(result.Missed)}: no connection was free for them; give more --connections or a lower --rate");
        if (result.Latency.Count > 0)
            Line("latency", string.Join("  ", Percentiles.Select(p => $"{p.Name} {Milliseconds(result.Latency.Percentile(p.Percent))}").Append($"max {Milliseconds(result.Latency.Max)}")));
        Line("received", $"{ConsoleText.Size(result.Bytes)}: {ConsoleText.Size((long)(result.Bytes / seconds))}/s");
        foreach (var (status, count) in result.Statuses)
            Line("status", $"{status}: {ConsoleText.Number(count)}");
        foreach (var (problem, count) in result.Problems)
            Line("problem", $"{problem}: {ConsoleText.Number(count)}");
    }

    /// <summary>Writes an object; its names are documented in docs/observability.md.</summary>
    public static void WriteJson(TextWriter output, BenchSettings settings, BenchResult result)
    {
        var seconds = Seconds(result);
        var latency = new JsonObject { ["mean"] = Rounded(result.Latency.Mean) };
        foreach (var (name, percent) in Percentiles)
            latency[name] = Rounded(result.Latency.Percentile(percent));
        latency["max"] = Rounded(result.Latency.Max);
        output.WriteLine(new JsonObject
        {
            ["endpoint"] = settings.Endpoint,
            ["server"] = settings.Server,
            ["connections"] = settings.Connections,
            ["rate"] = settings.Rate,
            ["seconds"] = Math.Round(seconds, 3),
            ["requests"] = result.Requests,
            ["failed"] = result.Failed,
            ["notSent"] = result.Missed,
            ["requestsPerSecond"] = Math.Round(result.Requests / seconds, 1),
            ["bytes"] = result.Bytes,
            ["bytesPerSecond"] = Math.Round(result.Bytes / seconds),
            ["latencyMilliseconds"] = latency,
            ["statuses"] = new JsonObject(result.Statuses.Select(s => KeyValuePair.Create(ConsoleText.Number(s.Key), (JsonNode?)s.Value))),
            ["problems"] = new JsonObject(result.Problems.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        }.ToJsonString(Indented));
    }

    private static double Seconds(BenchResult result) => Math.Max(result.Elapsed.TotalSeconds, 1e-6);

    private static string Milliseconds(TimeSpan time) => ConsoleText.Figure(time.TotalMilliseconds) + " ms";

    private static double Rounded(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
