namespace Pico.Server.Limits;

/// <summary>
/// So many per second, with a burst of one second's worth after a pause: a token bucket, kept as one number for each party that is limited
/// (the generic cell rate algorithm, ITU-T I.371). The number is the moment up to which everything taken so far is paid for:
/// <code>
///   ──────┬───────────────┬─────────────▶ time
///        now           paidUntil   each take moves it on by 1/rate; refused when it is a second ahead
/// </code>
/// A party at rest (paidUntil ≤ now) is like one that was never seen, so forgetting it loses nothing.
/// </summary>
internal sealed class Rate
{
    private readonly long _interval;
    private readonly long _ahead;

    private Rate(int perSecond, long frequency)
    {
        _interval = Math.Max(1, frequency / perSecond);
        _ahead = _interval * (perSecond - 1L);
    }

    /// <summary>The rate of <paramref name="perSecond"/> in the timestamps of <paramref name="time"/>; null, for "no limit", if that is 0.</summary>
    public static Rate? PerSecond(int perSecond, TimeProvider time) => perSecond == 0 ? null : new(perSecond, time.TimestampFrequency);

    /// <summary>Takes one; false if it is too early. <paramref name="now"/> is a timestamp. Any thread: one compare-and-swap, no lock.</summary>
    public bool TryTake(ref long paidUntil, long now)
    {
        var seen = Volatile.Read(ref paidUntil);
        while (true)
        {
            var from = Math.Max(seen, now);
            if (from - now > _ahead)
                return false;
            var was = Interlocked.CompareExchange(ref paidUntil, from + _interval, seen);
            if (was == seen)
                return true;
            seen = was;
        }
    }
}
