using System.Diagnostics.Metrics;
using Pico.Server.Admin.Events;
using Pico.Server.Hosting;

namespace Pico.Server.Admin.Metrics;

/// <summary>What is measured of the node itself: looked up when somebody asks, free otherwise.</summary>
internal sealed class NodeMetrics
{
    private readonly NodeIdentity _node;
    private readonly EventLog _events;

    public NodeMetrics(IMeterFactory meters, NodeIdentity node, NodeLifecycle lifecycle, ClientConnections connections, EventLog events)
    {
        (_node, _events) = (node, events);
        var meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableGauge("pico.node.info", MeasureNode, null, "Always 1: which node this is, of which version, in which zone.");
        meter.CreateObservableGauge("pico.node.ready", () => lifecycle.IsReady ? 1 : 0, null, "1 while the node listens, has joined its cluster and does not drain.");
        meter.CreateObservableGauge("pico.node.draining", () => lifecycle.IsDraining ? 1 : 0, null, "1 once the node drains.");
        meter.CreateObservableGauge("pico.connections", () => connections.Count, "{connection}", "Open connections of clients.");
        meter.CreateObservableCounter("pico.events", MeasureEvents, "{event}", "What happened, as /events tells it, those that it leaves out included.");
    }

    private IEnumerable<Measurement<int>> MeasureNode()
    {
        yield return new Measurement<int>(1, new("node", _node.Id), new("version", _node.Version), new("zone", _node.Zone));
    }

    private IEnumerable<Measurement<long>> MeasureEvents()
    {
        foreach (var kind in Enum.GetValues<EventKind>())
            yield return new Measurement<long>(_events.CountOf(kind), MetricLabel.Of("kind", kind));
    }
}
