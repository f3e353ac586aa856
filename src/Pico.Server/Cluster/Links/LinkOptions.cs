using Pico.Tunnel;

namespace Pico.Server.Cluster.Links;

/// <summary>The bounds of peer links.</summary>
internal static class LinkOptions
{
    /// <summary>From a connection's first byte to both HELLOs, on either side.</summary>
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Who has not answered after so long is waited for by those only who can go nowhere else.</summary>
    public static readonly TimeSpan UsualHandshake = TimeSpan.FromMilliseconds(250);

    /// <summary>How many connections to the gossip port may be in a handshake, or in an exchange of gossip; so many again wait in the system's queue.</summary>
    public const int MaxPending = 256;

    /// <summary>How many of those from one address, so that one stranger cannot keep the others out.</summary>
    public const int MaxPendingOfAddress = 32;

    /// <summary>The first pause between tries to dial a node; it doubles with each, with jitter.</summary>
    public static readonly TimeSpan MinBackOff = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause: gossip says soon whether the node is gone.</summary>
    public static readonly TimeSpan MaxBackOff = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A link carries the streams of many clients, so it may have more than a tunnel: streams by the hundred thousand, and windows that let a few slow
    /// ones stand still. A node that is cut off is noticed by gossip sooner than by pings; they are for connections that hang.
    /// </summary>
    public static TunnelOptions Tunnel { get; } = TunnelOptions.Default with
    {
        MaxStreams = 200_000,
        MaxRegistrations = 0,
        ReceiveBudget = 256 * 1024 * 1024,
        PingInterval = TimeSpan.FromSeconds(5),
        PingTimeout = TimeSpan.FromSeconds(5),
        HandshakeTimeout = HandshakeTimeout,
        KeepsReceiveBuffer = true, // there are as many links as other nodes, at the most
    };
}
