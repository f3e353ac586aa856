using System.Collections.Concurrent;
using Pico.Server.Upstreams;

namespace Pico.Server.Admin.Metrics;

/// <summary>
/// Which endpoints are told apart in metrics: the first <see cref="MaxEndpoints"/> that had something to count, the others together as <c>other</c>. One that
/// has had no upstream for <see cref="Memory"/> is forgotten, and makes room. Safe from any thread; a look-up takes no lock and no memory.
/// </summary>
internal sealed class EndpointSeries(RouteTable routes, TimeProvider time)
{
    /// <summary>How many endpoints are told apart.</summary>
    public const int MaxEndpoints = 1000;

    /// <summary>How long what was counted of an endpoint that is gone can still be asked for: some scrapes, so that its last errors are seen, and a restart of its agents.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, EndpointCounters> _endpoints = new(StringComparer.Ordinal);
    private readonly EndpointCounters _none = new("");
    private readonly EndpointCounters _other = new("other");
    private int _known; // endpoints that have a name of their own

    /// <summary>Where <paramref name="endpointId"/> (as the route table spells it; empty: no endpoint was found) is counted.</summary>
    public EndpointCounters Of(string endpointId)
    {
        if (_endpoints.TryGetValue(endpointId, out var counters))
            return counters;
        if (endpointId.Length == 0)
            return _none;
        if (Interlocked.Increment(ref _known) <= MaxEndpoints && _endpoints.TryAdd(endpointId, new EndpointCounters(endpointId)))
            return _endpoints.GetValueOrDefault(endpointId, _other);
        Interlocked.Decrement(ref _known);
        return _endpoints.GetValueOrDefault(endpointId, _other);
    }

    /// <summary>All that there is to tell, after what is over was forgotten. Asked by whoever collects.</summary>
    public IEnumerable<EndpointCounters> All()
    {
        Forget();
        return _endpoints.Select(static e => e.Value).Append(_other).Append(_none);
    }

    /// <summary>Those that have a name and an upstream, with their upstreams.</summary>
    public IEnumerable<(EndpointCounters Counters, EndpointUpstreams Endpoint)> Present()
    {
        foreach (var (id, counters) in _endpoints)
        {
            if (routes.TryGet(id, out var endpoint))
                yield return (counters, endpoint);
        }
    }

    private void Forget()
    {
        var now = time.GetTimestamp();
        foreach (var (id, counters) in _endpoints)
        {
            if (routes.TryGet(id, out _))
                counters.GoneSince = 0;
            else if (counters.GoneSince == 0)
                counters.GoneSince = Math.Max(1, now);
            else if (time.GetElapsedTime(counters.GoneSince, now) >= Memory && _endpoints.TryRemove(id, out _))
                Interlocked.Decrement(ref _known);
        }
    }
}
