namespace Pico.Agent.Forwarding;

/// <summary>
/// Counts the streams of one tunnel that still move bytes to or from a service. A stream may be over on the tunnel while its last bytes are on their
/// way to a slow service: an agent that leaves waits for those too.
/// </summary>
internal sealed class RunningStreams
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _none; // under _lock
    private int _count; // under _lock

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _count;
        }
    }

    /// <summary>Counts one in; every call is paired with one of <see cref="End"/>.</summary>
    public void Begin()
    {
        lock (_lock)
            _count++;
    }

    /// <summary>Counts one out.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (--_count > 0)
                return;
            _none?.SetResult();
            _none = null;
        }
    }

    /// <summary>Completes when there are none, at once if there are none.</summary>
    public Task WhenNoneAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_count == 0)
                return Task.CompletedTask;
            _none ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _none.Task.WaitAsync(cancellationToken);
        }
    }
}
