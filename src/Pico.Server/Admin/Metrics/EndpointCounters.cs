using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Pico.Server.Proxy;
using Pico.Tunnel.Streams;

namespace Pico.Server.Admin.Metrics;

/// <summary>
/// What is counted of one endpoint: requests by status and error, TCP connections by error, bytes. Counted in place, turned into measurements only when somebody asks,
/// so that a request pays for one look-up and one increment.
/// </summary>
internal sealed class EndpointCounters(string label)
{
    private readonly ConcurrentDictionary<(int Status, ProxyError Error), StrongBox<long>> _requests = new();
    private readonly ConcurrentDictionary<(int Status, ProxyError Error), StrongBox<long>> _connections = new();

    /// <summary>The value of the label <c>endpoint</c>.</summary>
    public string Label { get; } = label;

    /// <summary>What streams to its services carry.</summary>
    public StreamTraffic Traffic { get; } = new();

    /// <summary>The timestamp at which the endpoint was found to have no upstream any more; 0 while it has some. <see cref="EndpointSeries"/> keeps it.</summary>
    public long GoneSince { get; set; }

    /// <summary>Counts a request. What is no HTTP status counts as 0, so that no service can make counters without end.</summary>
    public void Request(int status, ProxyError error) => Count(_requests, (status is >= 100 and <= 599 ? status : 0, error));

    /// <summary>Counts a TCP connection.</summary>
    public void Connection(ProxyError error) => Count(_connections, (0, error));

    /// <summary>The requests counted so far.</summary>
    public IEnumerable<Measurement<long>> MeasureRequests()
    {
        foreach (var ((status, error), count) in _requests)
            yield return new Measurement<long>(Volatile.Read(ref count.Value), Endpoint, new("status", status.ToString()), Error(error));
    }

    /// <summary>The TCP connections counted so far.</summary>
    public IEnumerable<Measurement<long>> MeasureConnections()
    {
        foreach (var ((_, error), count) in _connections)
            yield return new Measurement<long>(Volatile.Read(ref count.Value), Endpoint, Error(error));
    }

    /// <summary>The bytes so far.</summary>
    public IEnumerable<Measurement<long>> MeasureBytes()
    {
        yield return new Measurement<long>(Traffic.Received, Endpoint, new("direction", "received"));
        yield return new Measurement<long>(Traffic.Sent, Endpoint, new("direction", "sent"));
    }

    private KeyValuePair<string, object?> Endpoint => new("endpoint", Label);

    private static KeyValuePair<string, object?> Error(ProxyError error) => new("error", error == ProxyError.None ? "" : ProxyErrors.Code(error));

    private static void Count(ConcurrentDictionary<(int Status, ProxyError Error), StrongBox<long>> counts, (int Status, ProxyError Error) key)
    {
        if (!counts.TryGetValue(key, out var count))
            count = counts.GetOrAdd(key, static _ => new StrongBox<long>());
        Interlocked.Increment(ref count.Value);
    }
}
