namespace Pico.Kubernetes.Watching;

/// <summary>
/// Waits between tries: a random time between half a bound and the bound, which doubles from <paramref name="min"/> to <paramref name="max"/>. Without clock.
/// </summary>
internal sealed class Backoff(TimeSpan min, TimeSpan max, Func<double> random)
{
    private int _failures;

    public TimeSpan Next()
    {
        var bound = Math.Min(max.TotalMilliseconds, min.TotalMilliseconds * Math.Pow(2, Math.Min(_failures, 30)));
        _failures++;
        return TimeSpan.FromMilliseconds(bound * (0.5 + (random() / 2)));
    }

    /// <summary>All went well: the next wait is a short one.</summary>
    public void Reset() => _failures = 0;
}
