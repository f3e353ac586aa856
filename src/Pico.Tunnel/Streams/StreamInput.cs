using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel.Streams;

/// <summary>
/// The received data of one stream: the tunnel's reader appends, the stream's consumer reads. Its bound is the stream's window, which the
/// tunnel checks before it appends. Everything below is guarded by <see cref="_lock"/>, which is never held while other code runs.
/// Empty, it holds no array. The consumer goes on where the tunnel's reader stands (a hop to another thread costs more than what most consumers do
/// with a piece), so consumers never block.
/// </summary>
internal sealed class StreamInput(TunnelStream stream) : PipeReader, IValueTaskSource<ReadResult>
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<ReadResult> _read; // completed by whoever set _waiting back
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _token;
    private BufferSegment? _head;
    private BufferSegment? _tail;
    private BufferSegment? _spare;
    private int _headIndex;
    private long _examined;
    private bool _waiting;
    private bool _lent;
    private bool _ended;
    private bool _completed;
    private bool _cancelled;
    private StreamError _error;
    private string _errorMessage = "";

    private long EndIndex => _tail?.EndIndex ?? _examined;

    /// <summary>
    /// Adds data; it is seen by the consumer at the next <see cref="Flush"/>. False when the consumer has completed the input:
    /// the data is thrown away, and counts as taken. <paramref name="following"/> is how many bytes of the same frame are still to come: room is
    /// made for them too.
    /// </summary>
    public bool Append(ReadOnlySpan<byte> data, int following)
    {
        lock (_lock)
        {
            if (_completed || _error != StreamError.None)
                return false;
            if (_tail is { Free: > 0 })
                data = _tail.Append(data);
            while (!data.IsEmpty)
                data = AddSegment(data.Length + following).Append(data);
            return true;
        }
    }

    /// <summary>Wakes the consumer if it waits for what was appended. The consumer runs before this returns.</summary>
    public void Flush()
    {
        ReadResult result;
        lock (_lock)
        {
            if (EndIndex <= _examined || !TryEndWait(out result))
                return;
        }

        _read.SetResult(result);
    }

    /// <summary>Nothing more comes: the consumer's reads end after what is there. The consumer runs before this returns.</summary>
    public void End()
    {
        ReadResult result;
        lock (_lock)
        {
            _ended = true;
            if (!TryEndWait(out result))
                return;
        }

        _read.SetResult(result);
    }

    /// <summary>The stream broke: reads fail at once, what was not read is lost. Does nothing after <see cref="End"/> or a first failure.</summary>
    public void Fail(StreamError error, string message)
    {
        lock (_lock)
        {
            if (_ended || _error != StreamError.None)
                return;
            _error = error;
            _errorMessage = message;
            if (!_waiting)
                return;
            EndWait();
        }

        _read.SetException(new StreamException(error, message));
    }

    public override bool TryRead(out ReadResult result)
    {
        lock (_lock)
        {
            ThrowIfUnreadable();
            return TryGetResult(out result);
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ThrowIfUnreadable();
            if (TryGetResult(out var result))
                return ValueTask.FromResult(result);
            _read.Reset();
            _waiting = true;
            _token = cancellationToken;
            if (cancellationToken.CanBeCanceled)
                _cancellation = cancellationToken.UnsafeRegister(static (state, token) => ((StreamInput)state!).CancelRead(token), this);
            return new ValueTask<ReadResult>(this, _read.Version);
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        int taken;
        long unread;
        lock (_lock)
        {
            // The positions of an empty result belong to no segment.
            if (_completed || consumed.GetObject() is not BufferSegment segment)
                return;
            _lent = false;
            _examined = IndexOf(examined);
            taken = Consume(segment, consumed.GetInteger());
            unread = _head is null ? 0 : EndIndex - _head.RunningIndex - _headIndex;
        }

        if (taken > 0)
            stream.OnTaken(taken, unread);
    }

    public override void CancelPendingRead()
    {
        ReadResult result;
        lock (_lock)
        {
            _cancelled = true;
            if (!TryEndWait(out result))
                return;
        }

        _read.SetResult(result);
    }

    public override void Complete(Exception? exception = null)
    {
        var taken = 0;
        bool waited;
        lock (_lock)
        {
            if (_completed)
                return;
            _completed = true;
            waited = _waiting;
            EndWait();
            if (_head is not null)
                taken = Discard();
            _spare = null;
        }

        if (taken > 0)
            stream.OnTaken(taken, unread: 0);
        if (waited)
            _read.SetException(new InvalidOperationException("The stream's input was completed while it was read."));
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private void CancelRead(CancellationToken token)
    {
        lock (_lock)
        {
            // A callback that was late for its own read must not cancel the next.
            if (!_waiting || token != _token)
                return;
            EndWait();
        }

        _read.SetException(new OperationCanceledException(token));
    }

    /// <summary>With the lock held: who ends a wait has to complete the read, after it let the lock go.</summary>
    private bool TryEndWait(out ReadResult result)
    {
        result = default;
        if (!_waiting)
            return false;
        EndWait();
        return TryGetResult(out result);
    }

    /// <summary>With the lock held.</summary>
    private void EndWait()
    {
        _waiting = false;
        // Unregister does not wait for a running callback: that one finds that nobody waits any more, or for another token.
        _cancellation.Unregister();
        _cancellation = default;
    }

    private void ThrowIfUnreadable()
    {
        if (_error != StreamError.None)
            throw new StreamException(_error, _errorMessage);
        if (_completed)
            throw new InvalidOperationException("The stream's input was completed.");
        if (_waiting)
            throw new InvalidOperationException("The stream's input has one reader, which already waits.");
    }

    private bool TryGetResult(out ReadResult result)
    {
        var cancelled = _cancelled;
        if (!cancelled && !_ended && EndIndex <= _examined)
        {
            result = default;
            return false;
        }

        _cancelled = false;
        _lent = _head is not null;
        var data = _head is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_head, _headIndex, _tail!, _tail!.End);
        result = new ReadResult(data, cancelled, _ended);
        return true;
    }

    private BufferSegment AddSegment(int size)
    {
        var segment = _spare ?? new BufferSegment();
        _spare = null;
        segment.Rent(size, EndIndex);
        if (_tail is null)
        {
            _head = segment;
            _headIndex = 0;
        }
        else
        {
            _tail.Link(segment);
        }

        return _tail = segment;
    }

    private static long IndexOf(SequencePosition position) =>
        position.GetObject() is BufferSegment segment ? segment.RunningIndex + position.GetInteger() : 0;

    /// <summary>Gives back what lies before the position; gives how many bytes that were.</summary>
    private int Consume(BufferSegment segment, int index)
    {
        var from = _head!.RunningIndex + _headIndex;
        while (_head != segment)
            Drop();
        _headIndex = index;
        var to = segment.RunningIndex + index;
        if (to == EndIndex)
        {
            // Everything is taken: hold no array while idle.
            _examined = Math.Max(_examined, to);
            while (_head is not null)
                Drop();
            _tail = null;
            _headIndex = 0;
        }
        else if (index == segment.End)
        {
            // What follows came while this was read: what is read next begins there, not with nothing.
            Drop();
            _headIndex = 0;
        }

        return (int)(to - from);
    }

    /// <summary>Gives up everything that is there; gives how many bytes that were.</summary>
    private int Discard()
    {
        if (!_lent)
            return Consume(_tail!, _tail!.End);
        // Whoever read it may still be looking at it, in another thread than the one that completes: those arrays must not become another
        // stream's, so the pool does not get them back.
        var taken = (int)(EndIndex - _head!.RunningIndex - _headIndex);
        _examined = EndIndex;
        _head = _tail = null;
        _headIndex = 0;
        return taken;
    }

    private void Drop()
    {
        var segment = _head!;
        _head = segment.Following;
        segment.Return();
        _spare = segment;
    }
}
