using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Scale;

/// <summary>What a part is given.</summary>
/// <param name="Pico">The published executables.</param>
/// <param name="Sizes">How much of everything.</param>
/// <param name="Time">The clock.</param>
/// <param name="Say">Shows progress.</param>
internal sealed record ScaleContext(PicoExecutables Pico, ScaleSizes Sizes, TimeProvider Time, Action<string> Say);

/// <summary>How much of everything.</summary>
internal sealed record ScaleSizes
{
    /// <summary>What users need.</summary>
    public static ScaleSizes Full { get; } = new();

    /// <summary>To see that it works: the figures are rough, since what a process has anyway counts more.</summary>
    public static ScaleSizes Quick { get; } = new() { Tunnels = 500, Streams = 500, Endpoints = 5_000, Peers = 10, KeysPerPeer = 1_000, Idle = TimeSpan.FromSeconds(12) };

    /// <summary>Agents with a tunnel each.</summary>
    public int Tunnels { get; init; } = 10_000;

    /// <summary>Long streams.</summary>
    public int Streams { get; init; } = 20_000;

    /// <summary>Endpoints at one node.</summary>
    public int Endpoints { get; init; } = 100_000;

    /// <summary>Nodes of a cluster beside the one that is measured.</summary>
    public int Peers { get; init; } = 99;

    /// <summary>Endpoints at each of them.</summary>
    public int KeysPerPeer { get; init; } = 10_102;

    /// <summary>How long nothing happens while it is measured what that costs.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(30);
}
