using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Admin.Status;

/// <summary>Tells of tunnels.</summary>
internal sealed class TunnelReporter(TimeProvider time)
{
    /// <summary>How many endpoints of a tunnel are named.</summary>
    public const int EndpointsInList = 100;

    /// <summary>Everything about a tunnel.</summary>
    public TunnelStatus Describe(TunnelRecord tunnel)
    {
        var (connection, agent) = (tunnel.Connection, tunnel.Connection.Remote);
        var (received, sent) = connection.Bytes;
        string[] endpoints = [.. tunnel.Upstreams.Values.Select(u => u.EndpointId).Order(StringComparer.Ordinal)];
        return new TunnelStatus
        {
            Number = tunnel.Number,
            AgentId = agent.Id,
            AgentName = agent.Name,
            Software = agent.Software,
            Zone = agent.Zone,
            Address = connection.RemoteAddress,
            State = tunnel.IsInUse ? "open" : "leaving",
            AgeSeconds = Math.Round(time.GetElapsedTime(tunnel.OpenedAt).TotalSeconds, 3),
            RoundTripMilliseconds = connection.RoundTripTime > TimeSpan.Zero ? Math.Round(connection.RoundTripTime.TotalMilliseconds, 3) : null,
            Streams = connection.StreamCount,
            BytesReceived = received,
            BytesSent = sent,
            TokenSubject = tunnel.Token.Subject,
            TokenExpiresAt = tunnel.Token.Expires,
            EndpointCount = endpoints.Length,
            Endpoints = endpoints.Length > EndpointsInList ? endpoints[..EndpointsInList] : endpoints,
        };
    }
}
