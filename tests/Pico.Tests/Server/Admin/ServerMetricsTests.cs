using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Pico.Server.Admin.Metrics;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;

namespace Pico.Tests.Server.Admin;

public sealed class ServerMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<Metric> _exported = [];
    private readonly RouteTable _routes = new();
    private readonly FakeTimeProvider _time = new();
    private readonly MeterProvider _provider;
    private readonly ServerMetrics _metrics;

    public ServerMetricsTests()
    {
        // Other tests have meters of the same name in this process.
        var meters = _services.GetRequiredService<IMeterFactory>();
        _provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(ServerMetrics.MeterName)
            .AddView(i => i.Meter.Scope == meters ? new MetricStreamConfiguration() : MetricStreamConfiguration.Drop)
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddReader(new BaseExportingMetricReader(new CollectingExporter(_exported)))
            .Build();
        _metrics = new ServerMetrics(meters, _routes, _time);
    }

    public void Dispose()
    {
        _provider.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void RequestEnded_WhileMetricsAreCollected_AllocatesNothing()
    {
        Request("orders");

        // The runtime itself allocates now and then on whatever thread is there: once, not with each request.
        var allocated = long.MaxValue;
        for (var round = 0; round < 5 && allocated > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
                Request("orders");
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
        Assert.Equal(0, _metrics.InFlight);
    }

    [Fact]
    public void RequestEnded_CountsByEndpointStatusAndError()
    {
        Request("orders");
        Request("orders");
        Request("orders", 502, ProxyError.UpstreamUnreachable);
        Request("", 400, ProxyError.MissingEndpoint);

        Assert.Equal(2, Requests("orders", "200", ""));
        Assert.Equal(1, Requests("orders", "502", "upstream_unreachable"));
        Assert.Equal(1, Requests("", "400", "missing_endpoint"));
    }

    [Fact]
    public void RequestEnded_MoreEndpointsThanAreToldApart_CountsTheRestAsOther()
    {
        for (var i = 0; i < EndpointSeries.MaxEndpoints + 7; i++)
            Request($"e{i}");

        Assert.Equal(1, Requests("e0", "200", ""));
        Assert.Equal(7, Requests("other", "200", ""));
    }

    [Fact]
    public void Requests_OfAnEndpointThatIsGoneForLong_AreForgottenAndMakeRoom()
    {
        for (var i = 0; i < EndpointSeries.MaxEndpoints; i++)
            Request($"e{i}");
        Assert.Equal(1, Requests("e0", "200", "")); // found to be gone

        _time.Advance(EndpointSeries.Memory - TimeSpan.FromSeconds(1));
        Assert.Equal(1, Requests("e0", "200", ""));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, Requests("e0", "200", ""));

        Request("new");
        Assert.Equal(1, Requests("new", "200", ""));
    }

    [Fact]
    public void RequestEnded_InATrace_LeavesAnExemplar()
    {
        using var activity = new Activity("request") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.SetIdFormat(ActivityIdFormat.W3C).Start();
        Request("orders");

        _provider.ForceFlush();
        var points = _exported.Single(m => m.Name == "pico.request.duration").GetMetricPoints().GetEnumerator();
        Assert.True(points.MoveNext());
        Assert.True(points.Current.TryGetExemplars(out var exemplars));
        var found = exemplars.GetEnumerator();
        Assert.True(found.MoveNext());
        Assert.Equal(activity.TraceId, found.Current.TraceId);
    }

    private void Request(string endpoint, int status = 200, ProxyError error = ProxyError.None)
    {
        _metrics.RequestStarted();
        var now = _time.GetTimestamp();
        _metrics.RequestEnded(new RequestOutcome(endpoint, status, error, now, HeadAt: now));
    }

    private long Requests(string endpoint, string status, string error)
    {
        _exported.Clear();
        _provider.ForceFlush();
        if (_exported.SingleOrDefault(m => m.Name == "pico.requests") is not { } metric)
            return 0;
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var tags = new Dictionary<string, object?>();
            foreach (var tag in point.Tags)
                tags[tag.Key] = tag.Value;
            if (endpoint.Equals(tags["endpoint"]) && status.Equals(tags["status"]) && error.Equals(tags["error"]))
                return point.GetSumLong();
        }

        return 0;
    }

    private sealed class CollectingExporter(List<Metric> exported) : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (var metric in batch)
                exported.Add(metric);
            return ExportResult.Success;
        }
    }
}
