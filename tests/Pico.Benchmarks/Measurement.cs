using System.Text.Json.Serialization;

namespace Pico.Benchmarks;

/// <summary>One line of <c>artifacts/bench.jsonl</c>. Megabytes and gigabytes are decimal and count bodies; memory is in MiB.</summary>
internal sealed record Measurement
{
    [JsonPropertyName("target")]
    public required string Target { get; init; }

    [JsonPropertyName("scenario")]
    public required string Scenario { get; init; }

    [JsonPropertyName("connections")]
    public required int Connections { get; init; }

    [JsonPropertyName("rps")]
    public double RequestsPerSecond { get; init; }

    /// <summary>How far the repetitions lie apart: (greatest - least) / median of the requests per second.</summary>
    [JsonPropertyName("rps_spread")]
    public double Spread { get; init; }

    [JsonPropertyName("p50_ms")]
    public double P50Milliseconds { get; init; }

    [JsonPropertyName("p99_ms")]
    public double P99Milliseconds { get; init; }

    [JsonPropertyName("mb_per_s")]
    public double MegabytesPerSecond { get; init; }

    /// <summary>CPU seconds per 1000 requests, by process.</summary>
    [JsonPropertyName("cpu_s_per_1000")]
    public IReadOnlyDictionary<string, double> CpuPer1000 { get; init; } = new Dictionary<string, double>();

    /// <summary>CPU seconds per 10⁹ bytes of bodies, by process.</summary>
    [JsonPropertyName("cpu_s_per_gb")]
    public IReadOnlyDictionary<string, double> CpuPerGigabyte { get; init; } = new Dictionary<string, double>();

    /// <summary>Resident memory at the end of the run, by process.</summary>
    [JsonPropertyName("rss_mb")]
    public IReadOnlyDictionary<string, double> Resident { get; init; } = new Dictionary<string, double>();

    /// <summary>The most resident memory since the process started, by process.</summary>
    [JsonPropertyName("rss_peak_mb")]
    public IReadOnlyDictionary<string, double> ResidentPeak { get; init; } = new Dictionary<string, double>();

    /// <summary>Bytes allocated per request, by .NET process; only of loads of small responses, which are many.</summary>
    [JsonPropertyName("allocated_per_request")]
    public IReadOnlyDictionary<string, double> Allocated { get; init; } = new Dictionary<string, double>();

    /// <inheritdoc cref="Scenario.IsBulk"/>
    [JsonIgnore]
    public bool IsBulk { get; init; }

    [JsonIgnore]
    public double TotalCpuPer1000 => CpuPer1000.Values.Sum();

    [JsonIgnore]
    public double TotalCpuPerGigabyte => CpuPerGigabyte.Values.Sum();
}
