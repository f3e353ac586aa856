using System.Diagnostics.Metrics;
using Pico.Server.Admin.Metrics;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Upstreams;

/// <summary>What is measured of tunnels and routes: looked up when somebody asks, free otherwise.</summary>
internal sealed class UpstreamMetrics
{
    private readonly TunnelSet _tunnels;
    private readonly TunnelAdmission _admission;

    public UpstreamMetrics(IMeterFactory meters, RouteTable routes, TunnelSet tunnels, TunnelAdmission admission)
    {
        (_tunnels, _admission) = (tunnels, admission);
        var meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableGauge("pico.endpoints", () => routes.Count, "{endpoint}", "Endpoints that have an upstream, here or elsewhere.");
        meter.CreateObservableGauge("pico.registrations", () => _tunnels.All.Sum(t => t.Upstreams.Count), "{registration}", "Upstreams that agents registered here.");
        meter.CreateObservableGauge("pico.streams", () => _tunnels.All.Sum(t => t.Connection.StreamCount), "{stream}", "Open streams of all tunnels, idle ones included.");
        meter.CreateObservableGauge("pico.tunnels", () => _tunnels.Count, "{tunnel}", "Tunnels of agents that end here.");
        meter.CreateObservableCounter("pico.tunnels.opened", () => _tunnels.Opened, "{tunnel}", "Tunnels of agents that were admitted. An agent that comes back counts again.");
        meter.CreateObservableCounter("pico.tunnels.refused", MeasureRefusals, "{tunnel}", "Tunnels that agents asked for and did not get.");
        meter.CreateObservableCounter("pico.tunnel.bytes", MeasureBytes, "By", "Payload that tunnels carried.");
        meter.CreateObservableCounter(
            "pico.tunnel.window.waits", () => _tunnels.Totals.WindowWaits, "{wait}", "How often a stream had to wait with what it had for an agent, whose side had not taken what was sent before.");
        var ended = meter.CreateCounter<long>("pico.tunnels.ended", "{tunnel}", "Tunnels of agents that are over.");
        tunnels.Removed += tunnel => ended.Add(1, EndOf(tunnel));
    }

    private static KeyValuePair<string, object?> EndOf(TunnelRecord tunnel) =>
        tunnel.Connection.Completion is { IsCompletedSuccessfully: true } end ? MetricLabel.Of("reason", end.Result.Error) : new("reason", "other");

    private IEnumerable<Measurement<long>> MeasureRefusals()
    {
        foreach (var (reason, count) in _admission.Refusals)
            yield return new Measurement<long>(count, MetricLabel.Of("reason", reason));
    }

    private IEnumerable<Measurement<long>> MeasureBytes()
    {
        var totals = _tunnels.Totals;
        yield return new Measurement<long>(totals.Received, new KeyValuePair<string, object?>("direction", "received"));
        yield return new Measurement<long>(totals.Sent, new KeyValuePair<string, object?>("direction", "sent"));
    }
}
