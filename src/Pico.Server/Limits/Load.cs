namespace Pico.Server.Limits;

/// <summary>What one party (an endpoint, a client, a token) uses just now: how much is in flight, and how fast it came. Any thread.</summary>
internal sealed class Load
{
    private int _inFlight;
    private long _paidUntil;

    /// <summary>The party's own rate; null: that of its kind.</summary>
    public Rate? Rate { get; set; }

    /// <summary>How many are in flight.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Counts one in, unless there are <paramref name="most"/> (0: no limit); every success is paired with one <see cref="Exit"/>.</summary>
    public bool TryEnter(int most)
    {
        if (Interlocked.Increment(ref _inFlight) <= most || most == 0)
            return true;
        Interlocked.Decrement(ref _inFlight);
        return false;
    }

    /// <summary>Counts one out.</summary>
    public void Exit() => Interlocked.Decrement(ref _inFlight);

    /// <summary>Takes one of the party's rate, or else of <paramref name="usual"/> (null: no limit), at the timestamp <paramref name="now"/>.</summary>
    public bool TryTake(Rate? usual, long now) => (Rate ?? usual)?.TryTake(ref _paidUntil, now) ?? true;

    /// <summary>True if nothing is in flight and the rate's burst is whole: as if the party had never been seen.</summary>
    public bool IsAtRest(long now) => InFlight == 0 && Volatile.Read(ref _paidUntil) <= now;
}
