using System.Diagnostics.Metrics;
using Pico.Server.Hosting;
using Pico.Server.Upstreams;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Admin.Metrics;

/// <summary>What is measured of connections, tunnels and routes: looked up when somebody asks, free otherwise.</summary>
internal sealed class TunnelMetrics
{
    private readonly RouteTable _routes;
    private readonly TunnelSet _tunnels;

    public TunnelMetrics(IMeterFactory meters, RouteTable routes, TunnelSet tunnels, ClientConnections connections)
    {
        (_routes, _tunnels) = (routes, tunnels);
        var meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableGauge("pico.connections", () => connections.Count, "{connection}", "Open connections of clients.");
        meter.CreateObservableGauge("pico.tunnels", () => _tunnels.Count, "{tunnel}", "Tunnels of agents that end here.");
        meter.CreateObservableCounter("pico.tunnels.opened", () => _tunnels.Opened, "{tunnel}", "Tunnels of agents that were admitted.");
        meter.CreateObservableGauge("pico.endpoints", () => _routes.Count, "{endpoint}", "Endpoints that have an upstream.");
        meter.CreateObservableGauge("pico.registrations", () => _tunnels.All.Sum(t => t.Upstreams.Count), "{registration}", "Upstreams that agents registered here.");
        meter.CreateObservableGauge("pico.streams", () => _tunnels.All.Sum(t => t.Connection.StreamCount), "{stream}", "Open streams of all tunnels, idle ones included.");
        meter.CreateObservableCounter("pico.tunnel.bytes", MeasureBytes, "By", "Payload that tunnels carried, by direction.");
    }

    private IEnumerable<Measurement<long>> MeasureBytes()
    {
        var (received, sent) = _tunnels.Bytes;
        yield return new Measurement<long>(received, new KeyValuePair<string, object?>("direction", "received"));
        yield return new Measurement<long>(sent, new KeyValuePair<string, object?>("direction", "sent"));
    }
}
