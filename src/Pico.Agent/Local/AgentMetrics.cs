using System.Globalization;
using System.Text;
using System.Text.Json;
using Pico.Agent.Endpoints;
using Pico.Agent.Forwarding;
using Pico.Agent.Tunnels;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Local;

/// <summary>
/// <c>/metrics</c> of the agent's own port, in the Prometheus text format, version 0.0.4. Written by hand, since a library for it costs an idle agent megabytes;
/// nothing is counted for it that is not counted anyway.
/// </summary>
public sealed class AgentMetrics
{
    private const string Gauge = "gauge";
    private const string Counter = "counter";

    private static readonly (AgentMetric Metric, Func<AgentMetrics, IEnumerable<(string[] Labels, double Value)>> Read)[] Known =
    [
        (new("pico_agent_info", Gauge, "Always 1: which agent this is, and of which version.", "name", "version"), static m => [([m._options.Name, AgentVersion.Software], 1)]),
        (new("pico_agent_ready", Gauge, "1 if the agent is ready."), static m => One(m._isReady() ? 1 : 0)),
        (new("pico_agent_tunnels", Gauge, "Tunnels that are up."), static m => One(m._tunnels.Sessions.Length)),
        (new("pico_agent_tunnels_wanted", Gauge, "Tunnels that the agent is to hold."), static m => One(m._options.Connections)),
        (new("pico_agent_tunnels_opened_total", Counter, "Tunnels that were opened: each beyond the first ones is a reconnect, or a move to another node."), static m => One(m._tunnels.Statistics.Opened)),
        (new("pico_agent_tunnels_ended_total", Counter, "Tunnels that are over.", "reason"), static m => By(m._tunnels.Statistics.Ended)),
        (new("pico_agent_tunnel_failures_total", Counter, "Tries to open a tunnel that failed.", "reason"), static m => By(m._tunnels.Statistics.Failed)),
        (new("pico_agent_tunnel_round_trip_seconds", Gauge, "The shortest recent round trip to a node that a tunnel leads to.", "node"), static m => RoundTrips(m._tunnels.Sessions)),
        (new("pico_agent_window_waits_total", Counter, "How often a stream had to wait with what it had for the server, whose side had not taken what was sent before."), static m => One(m._tunnels.WindowWaits)),
        (new("pico_agent_token_remaining_seconds", Gauge, "For how long the token is still valid by which the tunnels were opened, the shortest. Absent if none expires."), static m => m.TokenRemaining()),
        (new("pico_agent_registrations", Gauge, "Registrations over all tunnels."), static m => One(m._tunnels.Sessions.Sum(s => s.Registrar.Count))),
        (new("pico_agent_registrations_refused", Gauge, "Registrations that nodes refuse."), static m => One(m._tunnels.Sessions.Sum(s => s.Registrar.Refusals.Count))),
        (new("pico_agent_endpoints", Gauge, "Endpoints that are served."), static m => One(m._table.Endpoints.Count)),
        (new("pico_agent_endpoints_unhealthy", Gauge, "Endpoints that are not offered because their service is unhealthy."), static m => One(m._table.Endpoints.Values.Count(e => !e.IsHealthy))),
        (new("pico_agent_streams", Gauge, "Streams that are open."), static m => One(m._traffic.Active)),
        (new("pico_agent_streams_accepted_total", Counter, "Streams whose service was connected to."), static m => One(m._traffic.Accepted)),
        (new("pico_agent_streams_refused_total", Counter, "Streams that were refused because the service was not reached."), static m => One(m._traffic.Refused)),
        (new("pico_agent_service_sent_bytes_total", Counter, "Bytes sent to services."), static m => One(m._traffic.ToService)),
        (new("pico_agent_service_received_bytes_total", Counter, "Bytes received from services."), static m => One(m._traffic.FromService)),
        (new("process_resident_memory_bytes", Gauge, "Memory that the process holds."), static _ => One(Environment.WorkingSet)),
        (new("dotnet_gc_heap_total_allocated_bytes_total", Counter, "Bytes that the process has allocated in the managed heap."), static _ => One(GC.GetTotalAllocatedBytes())),
        (new("process_cpu_seconds_total", Counter, "Time that the process has run on processors."), static _ => One(Environment.CpuUsage.TotalTime.TotalSeconds)),
    ];

    private readonly AgentOptions _options;
    private readonly EndpointTable _table;
    private readonly TunnelSet _tunnels;
    private readonly ForwardingStatistics _traffic;
    private readonly Func<bool> _isReady;
    private readonly TimeProvider _time;

    internal AgentMetrics(AgentOptions options, EndpointTable table, TunnelSet tunnels, ForwardingStatistics traffic, Func<bool> isReady, TimeProvider time) =>
        (_options, _table, _tunnels, _traffic, _isReady, _time) = (options, table, tunnels, traffic, isReady, time);

    /// <summary>All that there are, in the order of the page.</summary>
    public static IReadOnlyList<AgentMetric> All { get; } = [.. Known.Select(static k => k.Metric)];

    /// <summary>The page at this moment.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        foreach (var (metric, read) in Known)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {metric.Name} {metric.Help}\n# TYPE {metric.Name} {metric.Type}\n");
            foreach (var (labels, value) in read(this))
                text.Append(CultureInfo.InvariantCulture, $"{metric.Name}{Labels(metric.Labels, labels)} {value}\n");
        }

        return text.ToString();
    }

    private static string Labels(IReadOnlyList<string> names, string[] values) =>
        names.Count == 0 ? "" : $"{{{string.Join(",", names.Zip(values, static (name, value) => $"{name}=\"{Escape(value)}\""))}}}";

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static IEnumerable<(string[] Labels, double Value)> One(double value) => [([], value)];

    private static IEnumerable<(string[] Labels, double Value)> By(IEnumerable<KeyValuePair<TunnelError, long>> counts) =>
        counts.Select(static c => (new[] { JsonNamingPolicy.SnakeCaseLower.ConvertName(c.Key.ToString()) }, (double)c.Value));

    // Two tunnels to one node make one value.
    private static IEnumerable<(string[] Labels, double Value)> RoundTrips(IEnumerable<TunnelSession> sessions) =>
        sessions.GroupBy(static s => s.Tunnel.Remote.Id).Select(static g => (new[] { g.Key }, g.Min(static s => s.Tunnel.RoundTripTime.TotalSeconds)));

    private IEnumerable<(string[] Labels, double Value)> TokenRemaining() =>
        _tunnels.Sessions.Select(static s => s.Expires).Min() is { } expires ? One((expires - _time.GetUtcNow()).TotalSeconds) : [];
}
