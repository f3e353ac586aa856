using System.Threading.Channels;

namespace Pico.Kubernetes.Watching;

/// <summary>
/// Keys that are to be worked on. A key waits at most once however often it is added, is worked on by one worker at a time, and comes again if it was
/// added meanwhile; so the queue is no longer than there are keys. From any thread.
/// </summary>
internal sealed class WorkQueue<TKey>(TimeProvider time) : IDisposable
    where TKey : notnull
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private readonly Channel<TKey> _ready = Channel.CreateUnbounded<TKey>();
    private readonly HashSet<TKey> _waiting = [];
    private readonly HashSet<TKey> _working = [];
    private readonly Dictionary<TKey, (ITimer Timer, long DueAt)> _later = [];
    private readonly Dictionary<TKey, Backoff> _failing = [];
    private bool _disposed;

    /// <summary>Keys that wait for a worker.</summary>
    public int Depth
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    public void Add(TKey key)
    {
        lock (_lock)
        {
            if (!_disposed && _waiting.Add(key) && !_working.Contains(key))
                _ready.Writer.TryWrite(key);
        }
    }

    /// <summary>Adds the key after a time, unless it is due sooner already.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            var due = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
            if (_later.TryGetValue(key, out var before))
            {
                if (before.DueAt <= due)
                    return;
                before.Timer.Dispose();
            }

            _later[key] = (time.CreateTimer(_ => Fall(key), null, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>It failed: adds the key after a wait that grows with every failure in a row.</summary>
    public TimeSpan Retry(TKey key)
    {
        TimeSpan delay;
        lock (_lock)
        {
            if (!_failing.TryGetValue(key, out var backoff))
                _failing[key] = backoff = new Backoff(FirstRetry, LastRetry, Random.Shared.NextDouble);
            delay = backoff.Next();
        }

        AddAfter(key, delay);
        return delay;
    }

    /// <summary>It went well: a later failure waits shortly again.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
            _failing.Remove(key);
    }

    /// <summary>The next key; <see cref="Done"/> must follow.</summary>
    public async ValueTask<TKey> TakeAsync(CancellationToken cancellationToken)
    {
        var key = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_lock)
        {
            _waiting.Remove(key);
            _working.Add(key);
        }

        return key;
    }

    public void Done(TKey key)
    {
        lock (_lock)
        {
            _working.Remove(key);
            if (_waiting.Contains(key))
                _ready.Writer.TryWrite(key);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var (timer, _) in _later.Values)
                timer.Dispose();
            _later.Clear();
        }
    }

    private void Fall(TKey key)
    {
        lock (_lock)
        {
            if (_later.Remove(key, out var due))
                due.Timer.Dispose();
        }

        Add(key);
    }
}
