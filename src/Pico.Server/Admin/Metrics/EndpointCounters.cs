using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Pico.Server.Proxy;

namespace Pico.Server.Admin.Metrics;

/// <summary>
/// How many requests of one endpoint ended with which status and error. Counted in place, turned into measurements only when somebody asks,
/// so that a request pays for one look-up and one increment.
/// </summary>
internal sealed class EndpointCounters(string label)
{
    private readonly ConcurrentDictionary<(int Status, ProxyError Error), StrongBox<long>> _counts = new();

    /// <summary>The value of the label <c>endpoint</c>.</summary>
    public string Label { get; } = label;

    /// <summary>Counts a request. What is no HTTP status counts as 0, so that no service can make counters without end.</summary>
    public void Count(int status, ProxyError error)
    {
        var key = (status is >= 100 and <= 599 ? status : 0, error);
        if (!_counts.TryGetValue(key, out var count))
            count = _counts.GetOrAdd(key, static _ => new StrongBox<long>());
        Interlocked.Increment(ref count.Value);
    }

    /// <summary>What was counted so far.</summary>
    public IEnumerable<Measurement<long>> Measure()
    {
        foreach (var ((status, error), count) in _counts)
        {
            yield return new Measurement<long>(
                Volatile.Read(ref count.Value),
                new("endpoint", Label),
                new("status", status.ToString()),
                new("error", error == ProxyError.None ? "" : ProxyErrors.Code(error)));
        }
    }
}
