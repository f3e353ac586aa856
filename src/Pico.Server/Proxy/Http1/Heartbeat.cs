namespace Pico.Server.Proxy.Http1;

/// <summary>What has a deadline that <see cref="Heartbeat"/> looks after.</summary>
internal interface IDeadline
{
    /// <summary>The tick (<see cref="Heartbeat.After"/>) from which it is overdue; <see cref="int.MaxValue"/> for never.</summary>
    int Deadline { get; }

    /// <summary>It is overdue. Called at each tick until it isn't; returns at once and never throws.</summary>
    void OnOverdue();
}

/// <summary>
/// One timer for the time-outs of all client connections: a deadline is a number that is compared once a second, so setting one costs a request
/// no timer, no allocation and no lock. Time-outs come up to two seconds late, never early.
/// </summary>
internal sealed class Heartbeat : IAsyncDisposable
{
    /// <summary>How long a tick is.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly Lock _access = new();
    private readonly HashSet<IDeadline> _watched = []; // under _access
    private readonly List<IDeadline> _overdue = [];    // the timer's
    private readonly long _start;
    private readonly ITimer _timer;
    private int _now;
    private int _beating;

    public Heartbeat(TimeProvider time)
    {
        Time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((Heartbeat)state!).Beat(), this, Tick, Tick);
    }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Time-outs as ticks: zero, which means "off", becomes 0 ticks.</summary>
    public static int Ticks(TimeSpan timeout) => timeout <= TimeSpan.Zero ? 0 : (int)Math.Min(Math.Ceiling(timeout / Tick), int.MaxValue / 2);

    /// <summary>The deadline that is <paramref name="ticks"/> from now; never, if that is 0.</summary>
    public int After(int ticks) => ticks == 0 ? int.MaxValue : Volatile.Read(ref _now) + ticks + 1;

    /// <summary>True if <paramref name="deadline"/> has passed.</summary>
    public bool IsOver(int deadline) => deadline <= Volatile.Read(ref _now);

    /// <summary>Begins to look after <paramref name="deadline"/>.</summary>
    public void Add(IDeadline deadline)
    {
        lock (_access)
        {
            _watched.Add(deadline);
        }
    }

    /// <summary>Looks after <paramref name="deadline"/> no more.</summary>
    public void Remove(IDeadline deadline)
    {
        lock (_access)
        {
            _watched.Remove(deadline);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Beat()
    {
        if (Interlocked.Exchange(ref _beating, 1) != 0)
            return; // the last beat still runs
        Volatile.Write(ref _now, (int)(Time.GetElapsedTime(_start) / Tick));
        lock (_access)
        {
            foreach (var deadline in _watched)
            {
                if (deadline.Deadline <= _now)
                    _overdue.Add(deadline);
            }
        }

        foreach (var deadline in _overdue)
            deadline.OnOverdue();
        _overdue.Clear();
        Volatile.Write(ref _beating, 0);
    }
}
