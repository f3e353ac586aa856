namespace Pico.Server.Hosting;

/// <summary>Whether this node is ready, and whether it drains. Only <see cref="PicoServer"/> changes it.</summary>
internal sealed class NodeLifecycle : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly TimeProvider _time;
    private volatile bool _listening;
    private volatile bool _draining;

    public NodeLifecycle(TimeProvider time)
    {
        _time = time;
        Stopped = _stopped.Token;
    }

    /// <summary>True while the node is listening and takes new work.</summary>
    public bool IsReady => _listening && !IsDraining;

    /// <summary>True once the node is stopping: responses end their connections, nothing new is admitted.</summary>
    public bool IsDraining => _draining;

    /// <summary>Fires when the node's time is over.</summary>
    public CancellationToken Stopped { get; }

    /// <summary>Why the node is not ready, in words.</summary>
    public string Reason => IsDraining ? "The node is draining." : _listening ? "" : "The node is starting.";

    /// <summary>When the ports were opened.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>The ports are open.</summary>
    public void BeginListening()
    {
        StartedAt = _time.GetUtcNow();
        _listening = true;
    }

    /// <summary>The node stops. Idempotent.</summary>
    public void BeginDraining() => _draining = true;

    /// <summary>Whatever still runs ends now. Idempotent.</summary>
    public void End() => _stopped.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }
}
