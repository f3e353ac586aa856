using System.Threading.Tasks.Sources;

namespace Pico.Tunnel.Connections;

/// <summary>Wakes one waiting loop, without allocating. Each <see cref="Set"/> is paired with one <see cref="WaitAsync"/>, in either order.</summary>
internal sealed class AsyncSignal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source;

    /// <summary>Waits for the next <see cref="Set"/>. One caller at a time.</summary>
    public ValueTask WaitAsync() => new(this, _source.Version);

    /// <summary>Wakes the loop: it goes on at the thread pool, or <paramref name="here"/>, before this returns.</summary>
    public void Set(bool here)
    {
        _source.RunContinuationsAsynchronously = !here;
        _source.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token)
    {
        _source.GetResult(token);
        _source.Reset();
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
