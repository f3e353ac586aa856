namespace Pico.Agent;

/// <summary>
/// Whether the agent is ready: from the first registration, or after 30 s, or at once when there is nothing to register; false again only while
/// it drains, so that an outage of the servers never takes the application beside it out of service.
/// </summary>
internal sealed class Readiness : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;
    private volatile bool _draining;

    public Readiness(TimeProvider time) =>
        _timer = time.CreateTimer(static state => ((Readiness)state!).SetReady(), this, Patience, Timeout.InfiniteTimeSpan);

    public bool IsReady => _ready.Task.IsCompleted && !_draining;

    public bool IsDraining => _draining;

    /// <summary>Completes when the agent is ready for the first time.</summary>
    public Task WhenReady => _ready.Task;

    public void SetReady() => _ready.TrySetResult();

    public void SetDraining() => _draining = true;

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();
}
