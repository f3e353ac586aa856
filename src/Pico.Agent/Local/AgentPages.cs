using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pico.Agent.Endpoints;
using Pico.Agent.Forwarding;
using Pico.Agent.Tunnels;

namespace Pico.Agent.Local;

/// <summary>The pages of the agent's own port.</summary>
internal sealed class AgentPages(
    AgentOptions options, EndpointTable table, TunnelSet tunnels, ForwardingStatistics traffic, Readiness readiness, Func<CancellationToken, Task> drain)
{
    private const string DrainPath = "/drain";

    /// <summary>Null if there is no such page.</summary>
    public async Task<LocalResponse?> AnswerAsync(LocalRequest request, CancellationToken cancellationToken)
    {
        if (!request.Path.StartsWith(DrainPath, StringComparison.Ordinal))
            return Answer(request.Path);
        if (!MayDrain(request))
            return LocalServer.Text(403, "from elsewhere, give the key: /drain/KEY");
        await drain(cancellationToken).ConfigureAwait(false);
        return LocalServer.Text(200, "drained");
    }

    private LocalResponse? Answer(string path) => path switch
    {
        "/health" => LocalServer.Text(200, "ok"),
        "/ready" => IsReady ? LocalServer.Text(200, "ready") : LocalServer.Text(503, readiness.IsDraining ? "draining" : "not registered"),
        "/metrics" => new LocalResponse(200, "text/plain; version=0.0.4; charset=utf-8", Metrics()),
        "/status" => new LocalResponse(200, "application/json", JsonSerializer.Serialize(Status(), AgentStatusJson.Default.AgentStatus) + "\n"),
        _ => null,
    };

    private bool IsReady =>
        readiness.IsReady && (!options.StrictReadiness || table.Endpoints.Count == 0 || Array.Exists(tunnels.Sessions, s => s.Registrar.Count > 0));

    private bool MayDrain(LocalRequest request) => request.Path.Length == DrainPath.Length
        ? request.IsLocal
        : options.DrainKey.Length > 0 && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(request.Path), Encoding.UTF8.GetBytes($"{DrainPath}/{options.DrainKey}"));

    private AgentStatus Status() => new(
        options.Name,
        AgentVersion.Software,
        IsReady,
        readiness.IsDraining,
        [.. table.Endpoints.Values.OrderBy(e => e.Spec.Id, StringComparer.Ordinal)
            .Select(e => new EndpointStatus(e.Spec.Id, e.Spec.Protocol.ToString(), e.Spec.Target, e.IsHealthy))],
        [.. tunnels.Sessions.Select(s => new TunnelStatus(
            s.Tunnel.Remote.Id, s.Tunnel.Remote.Zone, s.Tunnel.RemoteAddress, s.Since, !s.Tunnel.IsOpen, s.Tunnel.StreamCount,
            s.Tunnel.RoundTripTime.TotalMilliseconds, s.Registrar.Count, s.Registrar.Refusals))],
        new TrafficStatus(traffic.Active, traffic.Accepted, traffic.Refused, traffic.ToService, traffic.FromService));

    /// <summary>The Prometheus text format, version 0.0.4.</summary>
    private string Metrics()
    {
        var text = new StringBuilder();
        var sessions = tunnels.Sessions;
        var endpoints = table.Endpoints.Values;
        Add("pico_agent_tunnels", "gauge", "Tunnels that are up.", sessions.Length);
        Add("pico_agent_registrations", "gauge", "Registrations over all tunnels.", sessions.Sum(s => s.Registrar.Count));
        Add("pico_agent_endpoints", "gauge", "Endpoints that are served.", endpoints.Count());
        Add("pico_agent_endpoints_unhealthy", "gauge", "Endpoints that are not offered because their service is unhealthy.", endpoints.Count(e => !e.IsHealthy));
        Add("pico_agent_streams", "gauge", "Streams that are open.", traffic.Active);
        Add("pico_agent_streams_accepted_total", "counter", "Streams whose service was connected to.", traffic.Accepted);
        Add("pico_agent_streams_refused_total", "counter", "Streams that were refused because the service was not reached.", traffic.Refused);
        Add("pico_agent_service_sent_bytes_total", "counter", "Bytes sent to services.", traffic.ToService);
        Add("pico_agent_service_received_bytes_total", "counter", "Bytes received from services.", traffic.FromService);
        Add("pico_agent_ready", "gauge", "1 if the agent is ready.", IsReady ? 1 : 0);
        return text.ToString();

        void Add(string metric, string type, string help, long value) =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP {metric} {help}\n# TYPE {metric} {type}\n{metric} {value}\n");
    }
}
