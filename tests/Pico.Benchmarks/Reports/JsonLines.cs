using System.Text.Json;

namespace Pico.Benchmarks.Reports;

/// <summary>Writes <c>artifacts/bench.jsonl</c>, a measurement per line.</summary>
internal static class JsonLines
{
    public static void Write(string path, IEnumerable<Measurement> measurements) =>
        File.WriteAllLines(path, measurements.Select(measurement => JsonSerializer.Serialize(measurement)));
}
