using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pico.Agent.Endpoints;
using Pico.Agent.Forwarding;
using Pico.Agent.Tunnels;

namespace Pico.Agent.Local;

/// <summary>The pages of the agent's own port.</summary>
internal sealed class AgentPages(
    AgentOptions options, EndpointTable table, TunnelSet tunnels, ForwardingStatistics traffic, Readiness readiness, TimeProvider time,
    Func<CancellationToken, Task> drain)
{
    private const string DrainPath = "/drain";

    private readonly AgentMetrics _metrics = new(options, table, tunnels, traffic, () => IsReady(options, table, tunnels, readiness), time);

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
        "/ready" => Ready ? LocalServer.Text(200, "ready") : LocalServer.Text(503, readiness.IsDraining ? "draining" : "not registered"),
        "/metrics" => new LocalResponse(200, "text/plain; version=0.0.4; charset=utf-8", _metrics.Write()),
        "/status" => new LocalResponse(200, "application/json", JsonSerializer.Serialize(Status(), AgentStatusJson.Default.AgentStatus) + "\n"),
        _ => null,
    };

    private bool Ready => IsReady(options, table, tunnels, readiness);

    private static bool IsReady(AgentOptions options, EndpointTable table, TunnelSet tunnels, Readiness readiness) =>
        readiness.IsReady && (!options.StrictReadiness || table.Endpoints.Count == 0 || Array.Exists(tunnels.Sessions, s => s.Registrar.Count > 0));

    private bool MayDrain(LocalRequest request) => request.Path.Length == DrainPath.Length
        ? request.IsLocal
        : options.DrainKey.Length > 0 && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(request.Path), Encoding.UTF8.GetBytes($"{DrainPath}/{options.DrainKey}"));

    private AgentStatus Status() => new(
        options.Name,
        AgentVersion.Software,
        Ready,
        readiness.IsDraining,
        [.. table.Endpoints.Values.OrderBy(e => e.Spec.Id, StringComparer.Ordinal)
            .Select(e => new EndpointStatus(e.Spec.Id, e.Spec.Protocol.ToString(), e.Spec.Target, e.IsHealthy))],
        [.. tunnels.Sessions.Select(s => new TunnelStatus(
            s.Tunnel.Remote.Id, s.Tunnel.Remote.Zone, s.Tunnel.RemoteAddress, s.Since, !s.Tunnel.IsOpen, s.Tunnel.StreamCount,
            s.Tunnel.RoundTripTime.TotalMilliseconds, s.Registrar.Count, s.Registrar.Refusals))],
        new TrafficStatus(traffic.Active, traffic.Accepted, traffic.Refused, traffic.ToService, traffic.FromService));
}
