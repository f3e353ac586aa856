namespace Pico.Server.Hosting;

/// <summary>Whether this node is ready, and whether it drains. Changed by the server's start and stop, and by its joining of a cluster.</summary>
internal sealed class NodeLifecycle : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _drainRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _listening;
    private volatile bool _joined;
    private volatile bool _draining;
    private long _clientAt;

    public NodeLifecycle(TimeProvider time)
    {
        _time = time;
        Stopped = _stopped.Token;
    }

    /// <summary>The node begins to drain.</summary>
    public event Action? DrainBegan;

    /// <summary>True while the node is listening, is through with joining its cluster, and takes new work.</summary>
    public bool IsReady => _listening && _joined && !IsDraining;

    /// <summary>True once the node is stopping: responses end their connections, nothing new is admitted.</summary>
    public bool IsDraining => _draining;

    /// <summary>How long ago the last client came: <see cref="NoteClient"/>.</summary>
    public TimeSpan SinceClient => _time.GetElapsedTime(Volatile.Read(ref _clientAt));

    /// <summary>Fires when the node's time is over.</summary>
    public CancellationToken Stopped { get; }

    /// <summary>Why the node is not ready, in words.</summary>
    public string Reason => IsDraining ? "The node is draining." : !_listening ? "The node is starting." : _joined ? "" : "The node is joining the cluster.";

    /// <summary>Completes when an operator has asked for the node's end.</summary>
    public Task DrainRequested => _drainRequested.Task;

    /// <summary>When the ports were opened.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>The ports are open.</summary>
    public void BeginListening()
    {
        StartedAt = _time.GetUtcNow();
        _listening = true;
    }

    /// <summary>The node has joined its cluster, has none, or waits no longer for it. Idempotent.</summary>
    public void EndJoining() => _joined = true;

    /// <summary>An operator asks for the node's end. Idempotent.</summary>
    public void RequestDrain() => _drainRequested.TrySetResult();

    /// <summary>The node stops. Idempotent.</summary>
    public void BeginDraining()
    {
        if (Interlocked.Exchange(ref _draining, true))
            return;
        DrainBegan?.Invoke();
    }

    /// <summary>A client has connected; or, while the node drains, has asked for something by HTTP/1.1 on a connection that it had kept.</summary>
    public void NoteClient() => Volatile.Write(ref _clientAt, _time.GetTimestamp());

    /// <summary>Whatever still runs ends now. Idempotent.</summary>
    public void End() => _stopped.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }
}
