using System.Globalization;
using System.Text.Json;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Load;

/// <summary>Loads a target with <c>wrk</c>: closed loop, each connection sends its next request when the last is answered.</summary>
internal static class Wrk
{
    /// <summary>Gives what was measured; throws if a request failed. Requests go to <paramref name="endpoints"/> in turn, or all to that of the benchmark.</summary>
    public static async Task<LoadResult> RunAsync(
        RunningTarget target, Scenario scenario, int connections, int seconds, CancellationToken cancellation, IReadOnlyList<string>? endpoints = null)
    {
        List<string> arguments =
        [
            "--threads", Text(Math.Min(2, connections)),
            "--connections", Text(connections),
            "--duration", Text(seconds) + "s",
            "--timeout", "10s",
            "--header", $"{RunningTarget.EndpointHeader}: {RunningTarget.EndpointId}",
            "--script", Path.Combine(AppContext.BaseDirectory, "Load", "wrk.lua"),
            target.Url(scenario),
        ];
        if (scenario.IsUpload || endpoints is not null)
            arguments.AddRange(["--", Text(scenario.IsUpload ? scenario.Bytes : 0), .. endpoints ?? []]);

        var (output, exitCode) = await Tool.RunAsync(Tool.Find("wrk"), arguments, cancellation);
        target.ThrowIfExited();
        var json = output.Split('\n').FirstOrDefault(line => line.StartsWith('{'));
        if (exitCode != 0 || json is null)
            throw new BenchmarkException($"wrk failed on {target.Name}, {scenario.Name} with {connections} connections:\n{output}");

        var result = JsonSerializer.Deserialize<LoadResult>(json)!;
        ThrowIfWorthless(result, target, scenario, connections);
        return result;
    }

    /// <summary>A run with a failed request, or with less bytes than its responses have, measures something else.</summary>
    private static void ThrowIfWorthless(LoadResult result, RunningTarget target, Scenario scenario, int connections)
    {
        var expected = scenario.IsUpload ? 0 : result.Requests * scenario.Bytes;
        if (result.Requests > 0 && !result.Errors.Any && result.Bytes >= expected)
            return;
        throw new BenchmarkException(
            $"{target.Name} failed {scenario.Name} with {connections} connections: {result.Requests} answered with {result.Bytes} bytes, "
            + $"{result.Errors}\n{target.LastLines()}");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
