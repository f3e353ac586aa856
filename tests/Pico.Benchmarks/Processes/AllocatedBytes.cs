namespace Pico.Benchmarks.Processes;

/// <summary>
/// What .NET processes have allocated so far: their runtimes' counter, read over HTTP. Reading it costs a process something itself, which is read too, and left out.
/// </summary>
internal sealed class AllocatedBytes : IDisposable
{
    private const string Counter = "dotnet_gc_heap_total_allocated_bytes_total";

    private readonly HttpClient _client = new();

    /// <summary>Reads each process's counter from its page, twice: the difference is what reading costs.</summary>
    public async Task<IReadOnlyDictionary<string, Reading>> ReadAsync(IReadOnlyDictionary<string, Uri> pages, CancellationToken cancellation)
    {
        var readings = new Dictionary<string, Reading>();
        foreach (var (process, page) in pages)
            readings[process] = new Reading(await ReadAsync(page, cancellation), await ReadAsync(page, cancellation));
        return readings;
    }

    /// <summary>Bytes per request between two readings, by process.</summary>
    public static Dictionary<string, double> PerRequest(IReadOnlyDictionary<string, Reading> before, IReadOnlyDictionary<string, Reading> after, long requests) =>
        after.ToDictionary(process => process.Key, process => Math.Max(0, process.Value.First - before[process.Key].Second - process.Value.Cost) / requests);

    /// <summary>A counter, read twice in a row.</summary>
    internal readonly record struct Reading(double First, double Second)
    {
        public double Cost => Second - First;
    }

    public void Dispose() => _client.Dispose();

    private async Task<double> ReadAsync(Uri page, CancellationToken cancellation) =>
        MetricsPage.Sum(await _client.GetStringAsync(page, cancellation), Counter) ?? throw new BenchmarkException($"{page} has no {Counter}.");
}
