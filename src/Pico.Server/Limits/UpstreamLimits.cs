namespace Pico.Server.Limits;

/// <summary>How much agents may use of this node. 0 switches a limit off.</summary>
public sealed class UpstreamLimits
{
    /// <summary>Connections on the upstream port, tunnels or not yet; further ones are closed. Default 20,000.</summary>
    public int Connections { get; set; } = 20_000;

    /// <summary>Connections of one address (IPv6: of its /64) that are no tunnels yet; further ones are closed. Default 1,000.</summary>
    public int HandshakesPerClient { get; set; } = 1_000;

    /// <summary>How long a connection may take to become a tunnel: TLS, request, token and HELLO. Default 15 s.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Tunnels whose agents came with the same token (<see cref="Auth.VerifiedToken.Identity"/>). Default 1,000.</summary>
    public int TunnelsPerToken { get; set; } = 1_000;

    /// <summary>Registrations on one tunnel; a further one is refused alone. Default 1,000.</summary>
    public int EndpointsPerTunnel { get; set; } = 1_000;

    /// <summary>Streams in one tunnel; another tunnel of the endpoint is tried for a further one. Default 20,000.</summary>
    public int StreamsPerTunnel { get; set; } = 20_000;
}
