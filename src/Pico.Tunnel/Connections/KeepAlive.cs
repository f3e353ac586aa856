namespace Pico.Tunnel.Connections;

/// <summary>
/// When to ping, when to give up, and the round trip that pings measured. Pure: told the time, in ticks of <see cref="TimeProvider.GetTimestamp"/>.
/// Guarded by the tunnel's gate, but for the round trips and <see cref="OnReceived"/>.
/// </summary>
internal sealed class KeepAlive(long interval, long timeout, long sampleEvery, long now)
{
    private long _lastReceived = now;
    private long _pingSent = now;
    private long _pingOutstanding;
    private RecentMinimum _recent = new(RecentSamples * sampleEvery, now);
    private RecentMinimum _path = new(PathSamples * sampleEvery, now);
    private long _roundTrip;
    private long _pathRoundTrip;

    private const int RecentSamples = 16;
    private const int PathSamples = 1200;

    /// <summary>The shortest of the last samples; 0 until there is one. While much is sent they are all those of full queues.</summary>
    public long RoundTrip => Volatile.Read(ref _roundTrip);

    /// <summary>
    /// The shortest of so many samples that some of them were taken while little was sent: what the path itself takes; 0 until there is one. A path that became longer is believed after
    /// ten minutes at the earliest.
    /// </summary>
    public long PathRoundTrip => Volatile.Read(ref _pathRoundTrip);

    /// <summary>On the tunnel's reader: the peer is alive.</summary>
    public void OnReceived(long now) => Volatile.Write(ref _lastReceived, now);

    /// <summary>Should the tunnel ping, or end? And when is that to be asked again: at <c>Next</c> at the latest.</summary>
    public (bool Ping, bool TimedOut, long Next) Check(long now)
    {
        var received = Volatile.Read(ref _lastReceived);
        var due = received + interval;
        if (_pingOutstanding == 0)
            return now >= due ? (true, false, now + Math.Min(interval, timeout)) : (false, false, due);

        // What was under way when the ping was sent may come after it, and is no answer; but silence counts only from there.
        var end = Math.Max(received, _pingSent) + timeout;
        return (false, now >= end, Math.Min(end, due > now ? due : now + interval));
    }

    /// <summary>While data flows, the round trip is measured anew now and then.</summary>
    public bool IsSampleDue(long now) => _pingOutstanding == 0 && now - _pingSent >= (RoundTrip == 0 ? 0 : sampleEvery);

    /// <summary>A ping goes out with the stamp that this gives, which is never 0.</summary>
    public ulong BeginPing(long now)
    {
        _pingSent = now;
        _pingOutstanding = now == 0 ? 1 : now;
        return (ulong)_pingOutstanding;
    }

    /// <summary>The peer answered. A stamp that is not the outstanding one says nothing.</summary>
    public void EndPing(ulong stamp, long now)
    {
        if (_pingOutstanding == 0 || stamp != (ulong)_pingOutstanding)
            return;
        _pingOutstanding = 0;
        var sample = Math.Max(1, now - _pingSent);
        // Queues on the way only ever add to a sample.
        Volatile.Write(ref _roundTrip, _recent.Add(now, sample));
        Volatile.Write(ref _pathRoundTrip, _path.Add(now, sample));
    }
}
