using Pico.Tunnel.Streams;

namespace Pico.Tunnel;

/// <summary>The bounds of one tunnel. The defaults are what docs/protocol.md recommends and are the same on both sides.</summary>
public sealed record TunnelOptions
{
    /// <summary>The defaults.</summary>
    public static TunnelOptions Default { get; } = new();

    /// <summary>A ping is sent when nothing was received for this long. Default 10 s: well under the idle limits of common load balancers.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The tunnel ends when nothing was received for this long after a ping. Default 15 s.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Both HELLOs must have come within this time. Default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>An open that was neither accepted nor refused within this time is reset. Default 15 s.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the last frames of a tunnel that ends in order may take to be sent, after which nothing is missing at the peer. Default 10 s.</summary>
    public TimeSpan FlushTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer may take to read why a tunnel broke, and then to close its own side. Default 2 s.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How much a stream may receive before its reader takes it, at the start. Default 256 KiB.</summary>
    public int InitialWindow { get; init; } = 256 * 1024;

    /// <summary>
    /// What a stream's window may grow to because queues are long or its reader is slow, i.e. without the path needing it: larger means fewer grants, each of which wakes a sender, smaller
    /// means that others wait less behind what is under way. Default 256 KiB.
    /// </summary>
    public int ModestWindow { get; init; } = 256 * 1024;

    /// <summary>What a stream's window may grow to. Default 16 MiB.</summary>
    public int MaxWindow { get; init; } = 16 * 1024 * 1024;

    /// <summary>The least window of a stream, also when the budget is used up. Default 16 KiB.</summary>
    public int MinWindow { get; init; } = 16 * 1024;

    /// <summary>What the windows of all streams of the tunnel may add up to, beyond <see cref="MinWindow"/> for each. Default 64 MiB.</summary>
    public long ReceiveBudget { get; init; } = 64 * 1024 * 1024;

    /// <summary>A budget for all tunnels that have these options together, instead of <see cref="ReceiveBudget"/> for each.</summary>
    public ReceiveBudget? SharedBudget { get; init; }

    /// <summary>How many streams the peer may have open. Default 20,000.</summary>
    public int MaxStreams { get; init; } = 20_000;

    /// <summary>How many registrations the peer may have. Default 1,000.</summary>
    public int MaxRegistrations { get; init; } = 1_000;

    /// <summary>
    /// Each tunnel keeps its receive buffer of 128 KiB while it waits, which saves calls to the kernel. For a side with few tunnels; default false: a node may
    /// have ten thousand.
    /// </summary>
    public bool KeepsReceiveBuffer { get; init; }
}
