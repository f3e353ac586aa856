namespace Pico.Cli.Bench;

/// <summary>
/// Whose turn it is: hands out the requests of a run, one after the other, to as many senders as there are. With a rate each has a moment at which it is due, whether the answers before
/// it have come or not; without one it is due as soon as a sender is free.
/// </summary>
/// <param name="rate">Requests a second; 0 for as fast as the senders go.</param>
/// <param name="requests">How many there are; 0 for as many as fit.</param>
/// <param name="duration">After which none is due any more.</param>
/// <param name="time">The clock.</param>
internal sealed class Pace(int rate, long requests, TimeSpan duration, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private long _taken;

    /// <summary>How long the run lasts by now.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    /// <summary>How much of the run is over, from 0 to 1, by now.</summary>
    public double Progress => Math.Min(1, requests > 0 ? (double)Volatile.Read(ref _taken) / requests : Elapsed / duration);

    /// <summary>
    /// Waits for the next turn and gives the moment from which its latency counts, as time since the start; null when there is none any more. That is when it was due if no sender was free
    /// then: a slow answer delays those after it, and counts for them too. Otherwise it is now, for what a timer wakes too late is no fault of the server.
    /// </summary>
    public async ValueTask<TimeSpan?> NextAsync(CancellationToken cancellationToken)
    {
        var turn = Interlocked.Increment(ref _taken) - 1;
        if (requests > 0 && turn >= requests)
            return null;
        var now = Elapsed;
        if (rate == 0)
            return requests > 0 || now < duration ? now : null;
        var due = TimeSpan.FromSeconds((double)turn / rate);
        if (requests == 0 && (due >= duration || now >= duration))
            return null;
        if (due <= now)
            return due;
        await Task.Delay(due - now, time, cancellationToken);
        return Elapsed;
    }

    /// <summary>How many requests were due and not handed out when the run came to its end, for no sender was free. <paramref name="sent"/> were.</summary>
    public long Missed(long sent) => rate == 0 || requests > 0 ? 0 : Math.Max(0, (long)Math.Ceiling(Math.Min(duration.TotalSeconds, Elapsed.TotalSeconds) * rate) - sent);
}
