using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Limits;

namespace Pico.Cli.Settings;

/// <summary>The options that bound what clients and agents may use.</summary>
internal static class LimitSettings
{
    public static OptionSet<ProxyLimits> OfProxy { get; } = new OptionSet<ProxyLimits>()
        .Add(
            "proxy.max-connections-per-client", OptionTypes.Number(0, int.MaxValue), o => o.ConnectionsPerClient, (o, v) => o.ConnectionsPerClient = v,
            "How many connections one client address (IPv6: its /64) may have open, trusted proxies excepted; further ones are answered with 429. 0: no limit.")
        .Add(
            "proxy.max-requests-per-endpoint", OptionTypes.Number(0, int.MaxValue), o => o.RequestsPerEndpoint, (o, v) => o.RequestsPerEndpoint = v,
            "How many requests, WebSockets and TCP streams to one endpoint may be in flight; further ones are answered with 503. 0: no limit.")
        .Add(
            "proxy.max-requests-per-client", OptionTypes.Number(0, int.MaxValue), o => o.RequestsPerClient, (o, v) => o.RequestsPerClient = v,
            "The same of one client address; further ones are answered with 429. Name the proxies in front as trusted, or they are one client. 0: no limit.")
        .Add(
            "proxy.max-rate-per-endpoint", OptionTypes.Number(0, LimitRules.MaxRate), o => o.RatePerEndpoint, (o, v) => o.RatePerEndpoint = v,
            "How many requests per second may come for one endpoint, with a burst of as many; further ones are answered with 429. 0: no limit.")
        .Add(
            "proxy.max-rate-per-client", OptionTypes.Number(0, LimitRules.MaxRate), o => o.RatePerClient, (o, v) => o.RatePerClient = v,
            "How many requests per second may come from one client address, likewise. 0: no limit.")
        .Add(
            "proxy.max-request-body-size", OptionTypes.Size(0, MaxBody), o => o.RequestBodySize, (o, v) => o.RequestBodySize = v,
            "The greatest size of a request's body; larger ones are answered with 413. Not for upgraded connections. 0: no limit.");

    public static OptionSet<UpstreamLimits> OfUpstream { get; } = new OptionSet<UpstreamLimits>()
        .Add(
            "upstream.max-tunnels-per-token", OptionTypes.Number(0, int.MaxValue), o => o.TunnelsPerToken, (o, v) => o.TunnelsPerToken = v,
            "How many tunnels agents with the same token may have open. Tokens are the same by their jti, else by their iss and sub. 0: no limit.")
        .Add(
            "upstream.max-endpoints-per-tunnel", OptionTypes.Number(0, int.MaxValue), o => o.EndpointsPerTunnel, (o, v) => o.EndpointsPerTunnel = v,
            "How many endpoints one tunnel may register; a further one is refused alone. 0: no limit.")
        .Add(
            "upstream.max-streams-per-tunnel", OptionTypes.Number(0, int.MaxValue), o => o.StreamsPerTunnel, (o, v) => o.StreamsPerTunnel = v,
            "How many streams one tunnel may carry; for a further one another tunnel of the endpoint is tried, then 503 is the answer. 0: no limit.")
        .Add(
            "upstream.max-connections", OptionTypes.Number(0, int.MaxValue), o => o.Connections, (o, v) => o.Connections = v,
            "How many connections the upstream port may have, tunnels or not yet; further ones are closed. 0: no limit.")
        .Add(
            "upstream.max-handshakes-per-client", OptionTypes.Number(0, int.MaxValue), o => o.HandshakesPerClient, (o, v) => o.HandshakesPerClient = v,
            "How many connections of one address (IPv6: its /64) to the upstream port may be no tunnels yet; further ones are closed. 0: no limit.")
        .Add(
            "upstream.handshake-timeout", OptionTypes.Duration(TimeSpan.Zero, TimeSpan.FromHours(1), zero: "no limit"), o => o.HandshakeTimeout, (o, v) => o.HandshakeTimeout = v,
            "How long a connection to the upstream port may take to become a tunnel: TLS, request, token and the tunnel's own handshake.");

    private const long MaxBody = long.MaxValue;
}
