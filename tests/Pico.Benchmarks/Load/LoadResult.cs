using System.Text.Json.Serialization;

namespace Pico.Benchmarks.Load;

/// <summary>What <c>wrk</c> measured; the line that <c>wrk.lua</c> prints.</summary>
internal sealed record LoadResult(
    [property: JsonPropertyName("duration_us")] long DurationMicroseconds,
    [property: JsonPropertyName("requests")] long Requests,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("p50_us")] long P50Microseconds,
    [property: JsonPropertyName("p99_us")] long P99Microseconds,
    [property: JsonPropertyName("errors")] LoadErrors Errors);

/// <summary>Requests that went wrong, by kind; <paramref name="Status"/> counts answers of 400 and more.</summary>
internal sealed record LoadErrors(
    [property: JsonPropertyName("connect")] long Connect,
    [property: JsonPropertyName("read")] long Read,
    [property: JsonPropertyName("write")] long Write,
    [property: JsonPropertyName("status")] long Status,
    [property: JsonPropertyName("timeout")] long Timeout)
{
    [JsonIgnore]
    public bool Any => (Connect | Read | Write | Status | Timeout) != 0;
}
