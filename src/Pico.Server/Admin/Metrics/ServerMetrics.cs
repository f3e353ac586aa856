using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Admin.Metrics;

/// <summary>
/// What the server counts of requests and streams: verbs outside, instruments inside. Safe from any thread; a request's verbs allocate nothing.
/// Labels are bounded: an endpoint counts by name while there are no more than <see cref="MaxEndpoints"/>, then as <c>other</c>.
/// </summary>
internal sealed class ServerMetrics
{
    /// <summary>The meter of everything in this room.</summary>
    public const string MeterName = "Pico.Server";

    /// <summary>How many endpoints are told apart.</summary>
    public const int MaxEndpoints = 1000;

    /// <summary>How many label sets an instrument may have: what <see cref="MaxEndpoints"/> of them can bring in a bad hour.</summary>
    public const int MaxSeries = 10 * MaxEndpoints;

    private static readonly double[] DurationBuckets =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly ConcurrentDictionary<string, EndpointCounters> _endpoints = new(StringComparer.Ordinal);
    private readonly EndpointCounters _other = new("other");
    private readonly TimeProvider _time;
    private readonly Histogram<double> _durations;
    private readonly Counter<long> _streamsRefused;
    private int _known; // endpoints that have a name of their own
    private long _inFlight;
    private long _retries;
    private long _streamsOpened;

    public ServerMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(MeterName);
        meter.CreateObservableCounter("pico.requests", MeasureRequests, "{request}", "Requests of clients that ended, by endpoint, status and error.");
        meter.CreateObservableGauge("pico.requests.in_flight", () => Volatile.Read(ref _inFlight), "{request}", "Requests of clients that are being served.");
        meter.CreateObservableCounter("pico.request.retries", () => Volatile.Read(ref _retries), "{retry}", "Further tries of requests on another stream.");
        meter.CreateObservableCounter("pico.streams.opened", () => Volatile.Read(ref _streamsOpened), "{stream}", "Streams to services that were opened.");
        _streamsRefused = meter.CreateCounter<long>("pico.streams.refused", "{stream}", "Opens of streams to services that failed, by error.");
        _durations = meter.CreateHistogram(
            "pico.request.duration", "s", "From a request's head to its response's end, without upgraded connections.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });
    }

    /// <summary>Requests that are being served.</summary>
    public long InFlight => Volatile.Read(ref _inFlight);

    /// <summary>A request's head was read. Every call is paired with one of <see cref="RequestEnded"/>.</summary>
    public void RequestStarted() => Interlocked.Increment(ref _inFlight);

    /// <summary>The response is complete, or was cut.</summary>
    public void RequestEnded(in RequestOutcome outcome)
    {
        Interlocked.Decrement(ref _inFlight);
        var endpoint = Counters(outcome.EndpointId);
        endpoint.Count(outcome.Status, outcome.Error);
        var now = _time.GetTimestamp();
        var elapsed = outcome.IsUpgraded ? -1 : now - outcome.StartedAt;
        outcome.Traffic?.Count(now, _time.TimestampFrequency, elapsed, outcome.Status, outcome.Error);
        if (!outcome.IsUpgraded)
            _durations.Record(_time.GetElapsedTime(outcome.StartedAt, now).TotalSeconds, new KeyValuePair<string, object?>("endpoint", endpoint.Label));
    }

    /// <summary>A request is tried again: another upstream, or a new stream after an idle one turned out closed.</summary>
    public void Retried() => Interlocked.Increment(ref _retries);

    /// <summary>A stream to a service was opened.</summary>
    public void StreamOpened() => Interlocked.Increment(ref _streamsOpened);

    /// <summary>A stream to a service could not be opened.</summary>
    public void StreamRefused(StreamError error) => _streamsRefused.Add(1, new KeyValuePair<string, object?>("error", error.ToString()));

    private EndpointCounters Counters(string endpointId)
    {
        if (_endpoints.TryGetValue(endpointId, out var counters))
            return counters;
        if (Volatile.Read(ref _known) >= MaxEndpoints)
            return _other;
        if (!_endpoints.TryAdd(endpointId, new EndpointCounters(endpointId)))
            return _endpoints[endpointId];
        Interlocked.Increment(ref _known);
        return _endpoints[endpointId];
    }

    private IEnumerable<Measurement<long>> MeasureRequests()
    {
        foreach (var (_, endpoint) in _endpoints)
        {
            foreach (var measurement in endpoint.Measure())
                yield return measurement;
        }

        foreach (var measurement in _other.Measure())
            yield return measurement;
    }
}
