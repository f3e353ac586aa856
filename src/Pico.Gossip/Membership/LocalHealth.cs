namespace Pico.Gossip.Membership;

/// <summary>
/// How much this node trusts its own ears (Lifeguard's local health). A node that is slow, or whose network is, finds that nobody answers; before it accuses others it
/// gives them more time.
/// </summary>
internal sealed class LocalHealth
{
    private const int Worst = 4;

    private int _score;

    /// <summary>What time-outs are multiplied by: 1 when all is well, 3 at the worst.</summary>
    public double Factor => 1 + (_score / 2.0);

    /// <summary>Something speaks against this node itself: not even the helpers answered, it was suspected, or it stood still.</summary>
    public void Worse() => _score = Math.Min(Worst, _score + 1);

    /// <summary>A member answered in time.</summary>
    public void Better() => _score = Math.Max(0, _score - 1);
}
