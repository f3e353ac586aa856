namespace Pico.Agent;

/// <summary>Bounds the noise of a failure that goes on: it is worth saying when its kind changes, and else once a minute. From any thread.</summary>
internal sealed class RepeatedMessage(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private string? _kind;
    private long _saidAt;

    /// <summary>True if a failure of this kind should be said now.</summary>
    public bool ShouldSay(string kind)
    {
        lock (_lock)
        {
            if (kind == _kind && time.GetElapsedTime(_saidAt) < Pause)
                return false;
            _kind = kind;
            _saidAt = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>All is well: the next failure is news. True if there was a failure.</summary>
    public bool Clear()
    {
        lock (_lock)
        {
            var had = _kind is not null;
            _kind = null;
            return had;
        }
    }
}
