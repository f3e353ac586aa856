namespace Pico.Server.Cluster.Balancing;

/// <summary>
/// How many tunnels a node gives away at one look at the cluster's loads. Without clock or randomness. It gives to the mean and never below it, only above a
/// band around it, and only at the second look in a row that says so: what is under way already, or has not been heard of yet, moves nothing.
/// </summary>
internal sealed class BalanceRule
{
    /// <summary>So far above the mean nothing moves; at least one tunnel, since a move of less changes nothing.</summary>
    public const double Tolerance = 0.1;

    /// <summary>So many tunnels at a look, at the most.</summary>
    public const int MostAtOnce = 50;

    // What remains shrinks with each look, so that the last moves are heard of before the next are asked for.
    private const double ShareAtOnce = 0.25;

    private bool _wasAbove;

    /// <summary>Gives how many more tunnels should leave this node.</summary>
    /// <param name="here">The tunnels of this node, those that were asked to move included.</param>
    /// <param name="moving">Those of them that were asked, and will be gone soon.</param>
    /// <param name="others">The tunnels of each other node that takes some.</param>
    public int Next(int here, int moving, IReadOnlyCollection<int> others)
    {
        var surplus = Surplus(here, moving, others);
        var wasAbove = _wasAbove;
        _wasAbove = surplus > 0;
        return wasAbove && surplus > 0 ? Math.Min(MostAtOnce, (int)Math.Ceiling(surplus * ShareAtOnce)) : 0;
    }

    /// <summary>True if a node with <paramref name="here"/> tunnels is to take one that another gives away.</summary>
    public static bool HasRoom(int here, IReadOnlyCollection<int> others) => here <= Mean(here, others);

    private static double Mean(int here, IReadOnlyCollection<int> others) => (here + others.Sum(static o => (double)o)) / (others.Count + 1);

    private static double Surplus(int here, int moving, IReadOnlyCollection<int> others)
    {
        var mean = Mean(here, others);
        var surplus = here - moving - mean;
        return surplus >= Math.Max(1, mean * Tolerance) ? surplus : 0;
    }
}
