namespace Pico.Simulation;

/// <summary>What the simulated network does to packets. Connections lose nothing, but break where a partition runs.</summary>
/// <param name="Loss">The share of packets that get lost.</param>
/// <param name="Duplication">The share of packets that come twice, the second time up to <see cref="LongestRepeat"/> later.</param>
/// <param name="MinDelay">The least time on the way, in milliseconds.</param>
/// <param name="MaxDelay">The longest: packets overtake one another within this.</param>
internal sealed record NetworkConditions(double Loss = 0, double Duplication = 0, int MinDelay = 1, int MaxDelay = 3)
{
    /// <summary>The longest delay that is used anywhere.</summary>
    public const int LongestDelay = 150;

    /// <summary>How much later than the first a packet comes for the second time, at the most.</summary>
    public const int LongestRepeat = 1000;

    /// <summary>What the issue of a bad day is made of.</summary>
    public static NetworkConditions Bad { get; } = new(Loss: 0.30, Duplication: 0.10, MinDelay: 1, MaxDelay: LongestDelay);
}
