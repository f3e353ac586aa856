namespace Pico.Tunnel.Connections;

/// <summary>
/// When to ping, when to give up, and the round trip that pings measured. Pure: told the time, in ticks of <see cref="TimeProvider.GetTimestamp"/>.
/// Guarded by the tunnel's gate, but for <see cref="RoundTrip"/> and <see cref="OnReceived"/>.
/// </summary>
internal sealed class KeepAlive(long interval, long timeout, long sampleEvery, long now)
{
    private long _lastReceived = now;
    private long _pingSent = now;
    private long _pingOutstanding;
    private long _bucketStart = now;
    private long _minimumNow = long.MaxValue;
    private long _minimumBefore = long.MaxValue;
    private long _roundTrip;

    /// <summary>The shortest of the last samples; 0 until there is one.</summary>
    public long RoundTrip => Volatile.Read(ref _roundTrip);

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
        // The minimum of the present and the former span of time: queues on the way only ever add to a sample.
        if (now - _bucketStart >= 16 * sampleEvery)
        {
            _bucketStart = now;
            _minimumBefore = _minimumNow;
            _minimumNow = long.MaxValue;
        }

        _minimumNow = Math.Min(_minimumNow, sample);
        Volatile.Write(ref _roundTrip, Math.Min(_minimumNow, _minimumBefore));
    }
}
