namespace Pico.Server.Limits;

/// <summary>Every limit that is counted when it is hit. Its name (<see cref="LimitNames"/>) is the option's.</summary>
internal enum Limit
{
    /// <summary>Connections of clients.</summary>
    Connections,

    /// <summary>Connections of one client.</summary>
    ConnectionsPerClient,

    /// <summary>Requests and streams in flight to one endpoint.</summary>
    RequestsPerEndpoint,

    /// <summary>Requests and streams in flight of one client.</summary>
    RequestsPerClient,

    /// <summary>Requests and streams to one endpoint in a second.</summary>
    RatePerEndpoint,

    /// <summary>Requests and streams of one client in a second.</summary>
    RatePerClient,

    /// <summary>The size of a request's head.</summary>
    RequestHeadSize,

    /// <summary>The size of a request's body.</summary>
    RequestBodySize,

    /// <summary>Connections on the upstream port.</summary>
    UpstreamConnections,

    /// <summary>Connections of one address on the upstream port that are no tunnels yet.</summary>
    HandshakesPerClient,

    /// <summary>Time for a connection on the upstream port to become a tunnel.</summary>
    HandshakeTimeout,

    /// <summary>Tunnels.</summary>
    Tunnels,

    /// <summary>Tunnels by one token.</summary>
    TunnelsPerToken,

    /// <summary>Registrations on one tunnel.</summary>
    EndpointsPerTunnel,

    /// <summary>Streams in one tunnel.</summary>
    StreamsPerTunnel,
}

/// <summary>The names of <see cref="Limit"/>s: of the options that set them.</summary>
internal static class LimitNames
{
    private static readonly string[] Names =
    [
        "proxy.max-connections",
        "proxy.max-connections-per-client",
        "proxy.max-requests-per-endpoint",
        "proxy.max-requests-per-client",
        "proxy.max-rate-per-endpoint",
        "proxy.max-rate-per-client",
        "proxy.max-request-head-size",
        "proxy.max-request-body-size",
        "upstream.max-connections",
        "upstream.max-handshakes-per-client",
        "upstream.handshake-timeout",
        "upstream.max-tunnels",
        "upstream.max-tunnels-per-token",
        "upstream.max-endpoints-per-tunnel",
        "upstream.max-streams-per-tunnel",
    ];

    /// <summary>How many there are.</summary>
    public static int Count => Names.Length;

    /// <summary>The option that sets <paramref name="limit"/>.</summary>
    public static string Of(Limit limit) => Names[(int)limit];
}
