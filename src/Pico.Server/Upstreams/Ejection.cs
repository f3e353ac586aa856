namespace Pico.Server.Upstreams;

/// <summary>
/// Leaves an upstream out of the choice after its opens failed: for 1 s, twice as long after each further failure, 30 s at the most, with
/// jitter. Then one request probes it; the others wait for what that one finds.
/// </summary>
internal sealed class Ejection(TimeProvider time)
{
    /// <summary>How long an upstream is left out after its first failure.</summary>
    public static readonly TimeSpan MinBackOff = TimeSpan.FromSeconds(1);

    /// <summary>How long an upstream is left out at the most, before jitter of a quarter either way.</summary>
    public static readonly TimeSpan MaxBackOff = TimeSpan.FromSeconds(30);

    // A probe of which nothing was heard for this long is given up: longer than any open lasts.
    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(30);

    private readonly Lock _changing = new();
    private long _until;  // timestamp; 0 while not ejected. Written under _changing, read by anyone.
    private int _failures; // under _changing
    private bool _probing; // under _changing

    /// <summary>The timestamp until which the upstream is left out; 0 when it is not.</summary>
    public long Until => Volatile.Read(ref _until);

    /// <summary>True while the upstream is to be left out.</summary>
    public bool IsEjected => Until is not 0 and var until && time.GetTimestamp() < until;

    /// <summary>True if the upstream may be used: it isn't ejected, or the caller is now the one that probes it.</summary>
    public bool TryTake()
    {
        if (Until == 0)
            return true;

        lock (_changing)
        {
            if (_until == 0)
                return true;
            if (time.GetTimestamp() < _until)
                return false;
            _probing = true;
            Volatile.Write(ref _until, After(ProbeTime));
            return true;
        }
    }

    /// <summary>An open succeeded: the upstream is good again. True if it was left out until now.</summary>
    public bool Succeeded()
    {
        if (Until == 0)
            return false;

        lock (_changing)
        {
            var wasEjected = _until != 0;
            _failures = 0;
            _probing = false;
            Volatile.Write(ref _until, 0);
            return wasEjected;
        }
    }

    /// <summary>An open failed. Failures of opens that were under way already when the upstream was ejected count as one. True if it was in use until now.</summary>
    public bool Failed()
    {
        lock (_changing)
        {
            if (_until != 0 && !_probing && time.GetTimestamp() < _until)
                return false;

            var backOff = Math.Min(MinBackOff.Ticks << Math.Min(_failures, 10), MaxBackOff.Ticks);
            _failures++;
            _probing = false;
            Volatile.Write(ref _until, After(TimeSpan.FromTicks((long)(backOff * (0.75 + Random.Shared.NextDouble() / 2)))));
            return _failures == 1;
        }
    }

    /// <summary>An open was given up before anything was known: if it was the probe, the next request probes.</summary>
    public void Abandoned()
    {
        if (Until == 0)
            return;

        lock (_changing)
        {
            if (_probing)
                Volatile.Write(ref _until, time.GetTimestamp());
            _probing = false;
        }
    }

    // Never 0, which means "not ejected".
    private long After(TimeSpan wait) => Math.Max(1, time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency));
}
