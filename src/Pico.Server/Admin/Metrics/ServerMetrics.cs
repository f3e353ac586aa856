using System.Diagnostics.Metrics;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Streams;

namespace Pico.Server.Admin.Metrics;

/// <summary>
/// What the server counts of requests and streams: verbs outside, instruments inside. Safe from any thread; a request's verbs allocate nothing.
/// Labels are bounded: which endpoints are told apart is <see cref="EndpointSeries"/>' to say.
/// </summary>
internal sealed class ServerMetrics
{
    /// <summary>The meter of everything in this room.</summary>
    public const string MeterName = "Pico.Server";

    private static readonly InstrumentAdvice<double> DurationBuckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private readonly EndpointSeries _endpoints;
    private readonly TimeProvider _time;
    private readonly Histogram<double> _durations;
    private readonly Histogram<double> _heads;
    private readonly Counter<long> _streamsRefused;
    private readonly Counter<long> _ejections;
    private readonly Counter<long> _recoveries;
    private long _inFlight;
    private long _retries;
    private long _streamsOpened;

    public ServerMetrics(IMeterFactory meters, RouteTable routes, TimeProvider time)
    {
        _time = time;
        _endpoints = new EndpointSeries(routes, time);
        var meter = meters.Create(MeterName);
        meter.CreateObservableCounter("pico.requests", () => _endpoints.All().SelectMany(e => e.MeasureRequests()), "{request}", "Requests of clients that ended.");
        meter.CreateObservableGauge("pico.requests.in_flight", () => InFlight, "{request}", "Requests of clients that are being served.");
        meter.CreateObservableCounter("pico.request.retries", () => Volatile.Read(ref _retries), "{retry}", "Further tries of requests on another stream.");
        _durations = meter.CreateHistogram("pico.request.duration", "s", "From a request's head to its response's end, without upgraded connections.", tags: null, DurationBuckets);
        _heads = meter.CreateHistogram("pico.request.time_to_head", "s", "From a request's head to the head of the service's response.", tags: null, DurationBuckets);
        meter.CreateObservableCounter("pico.tcp.connections", () => _endpoints.All().SelectMany(e => e.MeasureConnections()), "{connection}", "Connections of clients to TCP endpoints that began, or were refused.");
        meter.CreateObservableCounter("pico.endpoint.bytes", () => _endpoints.All().SelectMany(e => e.MeasureBytes()), "By", "Bytes that clients of this node and services exchanged: sent to services, received from them.");
        meter.CreateObservableGauge("pico.endpoint.in_flight", MeasureInFlight, "{request}", "Requests and streams that this node has under way to the endpoint's upstreams.");
        meter.CreateObservableGauge("pico.endpoint.upstreams", MeasureUpstreams, "{upstream}", "Upstreams of endpoints that had requests here.");
        meter.CreateObservableCounter("pico.streams.opened", () => Volatile.Read(ref _streamsOpened), "{stream}", "Streams to services that were opened.");
        _streamsRefused = meter.CreateCounter<long>("pico.streams.refused", "{stream}", "Opens of streams to services that failed.");
        _ejections = meter.CreateCounter<long>("pico.upstream.ejections", "{upstream}", "Upstreams that were left out for a while, since opens of streams failed.");
        _recoveries = meter.CreateCounter<long>("pico.upstream.recoveries", "{upstream}", "Upstreams that were left out and work again.");
    }

    /// <summary>Requests that are being served.</summary>
    public long InFlight => Volatile.Read(ref _inFlight);

    /// <summary>A request's head was read. Every call is paired with one of <see cref="RequestEnded"/>.</summary>
    public void RequestStarted() => Interlocked.Increment(ref _inFlight);

    /// <summary>The response is complete, or was cut.</summary>
    public void RequestEnded(in RequestOutcome outcome)
    {
        Interlocked.Decrement(ref _inFlight);
        var endpoint = _endpoints.Of(outcome.EndpointId);
        endpoint.Request(outcome.Status, outcome.Error);
        var now = _time.GetTimestamp();
        var elapsed = outcome.IsUpgraded ? -1 : now - outcome.StartedAt;
        outcome.Traffic?.Count(now, _time.TimestampFrequency, elapsed, outcome.Status, outcome.Error);
        var label = new KeyValuePair<string, object?>("endpoint", endpoint.Label);
        if (outcome.HeadAt != 0)
            _heads.Record(_time.GetElapsedTime(outcome.StartedAt, outcome.HeadAt).TotalSeconds, label);
        if (!outcome.IsUpgraded)
            _durations.Record(_time.GetElapsedTime(outcome.StartedAt, now).TotalSeconds, label);
    }

    /// <summary>A client's connection to a TCP endpoint has its stream, or was refused it.</summary>
    public void TcpConnected(string endpointId, ProxyError error) => _endpoints.Of(endpointId).Connection(error);

    /// <summary>Where streams to the services of an endpoint count their bytes.</summary>
    public StreamTraffic TrafficOf(string endpointId) => _endpoints.Of(endpointId).Traffic;

    /// <summary>A request is tried again: another upstream, or a new stream after an idle one turned out closed.</summary>
    public void Retried() => Interlocked.Increment(ref _retries);

    /// <summary>A stream to a service was opened.</summary>
    public void StreamOpened() => Interlocked.Increment(ref _streamsOpened);

    /// <summary>A stream to a service could not be opened.</summary>
    public void StreamRefused(StreamError error) => _streamsRefused.Add(1, MetricLabel.Of("error", error));

    /// <summary>An upstream is left out from now on.</summary>
    public void Ejected(string endpointId, StreamError error) => _ejections.Add(1, LabelOf(endpointId), MetricLabel.Of("error", error));

    /// <summary>An upstream that was left out is used again.</summary>
    public void Recovered(string endpointId) => _recoveries.Add(1, LabelOf(endpointId));

    private KeyValuePair<string, object?> LabelOf(string endpointId) => new("endpoint", _endpoints.Of(endpointId).Label);

    private IEnumerable<Measurement<long>> MeasureInFlight()
    {
        foreach (var (counters, endpoint) in _endpoints.Present())
        {
            var inFlight = 0L;
            foreach (var upstream in endpoint.Upstreams)
                inFlight += upstream.Outstanding;
            yield return new Measurement<long>(inFlight, new KeyValuePair<string, object?>("endpoint", counters.Label));
        }
    }

    private IEnumerable<Measurement<long>> MeasureUpstreams()
    {
        foreach (var (counters, endpoint) in _endpoints.Present())
        {
            var (open, ejected) = (0L, 0L);
            foreach (var upstream in endpoint.Upstreams)
            {
                if (!upstream.IsOpen)
                    continue;
                if (upstream.IsEjected)
                    ejected += upstream.Weight;
                else
                    open += upstream.Weight;
            }

            var label = new KeyValuePair<string, object?>("endpoint", counters.Label);
            yield return new Measurement<long>(open, label, new("state", "open"));
            yield return new Measurement<long>(ejected, label, new("state", "ejected"));
        }
    }
}
