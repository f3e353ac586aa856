using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Pico.Tunnel.Connections;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Streams;

namespace Pico.Tunnel;

/// <summary>
/// One bidirectional byte flow inside a tunnel. One reader and one writer may use it at the same time.
/// Each direction ends by itself (half-close); <see cref="Abort"/> ends both at once.
/// It is over, and forgotten by the tunnel, when both directions have ended on the wire; what was received can still be read then.
/// </summary>
/// <remarks>
/// The state has one owner: every field that is marked so changes only with the tunnel's gate held (<see cref="TunnelSender.Gate"/>).
/// What was received lies in <see cref="StreamInput"/>, which has a lock of its own; the two are never held together.
/// </remarks>
public sealed class TunnelStream : IAsyncDisposable, IValueTaskSource
{
    private readonly StreamInput _input;

    // Guarded by the gate.
    private ManualResetValueTaskSourceCore<bool> _write = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _writeCancellation;
    private CancellationToken _writeToken;
    private ReceiveWindow _receiveWindow;
    private StreamError _error;
    private string _errorMessage = "";
    private long _granted;
    private Action<object?>? _onBroken;
    private object? _onBrokenState;

    // Owned by the tunnel's reader.
    private long _received;

    internal TunnelStream(TunnelConnection tunnel, uint id, StreamPhase phase, int receiveWindow)
    {
        Tunnel = tunnel;
        Id = id;
        Phase = phase;
        _receiveWindow = new ReceiveWindow(receiveWindow);
        _granted = receiveWindow;
        _input = new StreamInput(this);
    }

    /// <summary>The stream's number on the wire.</summary>
    public uint Id { get; }

    /// <summary>The tunnel that the stream belongs to.</summary>
    public TunnelConnection Tunnel { get; }

    /// <summary>
    /// What the peer sends. Ends (IsCompleted) at the peer's half-close; throws <see cref="StreamException"/> after a reset or
    /// when the tunnel is lost. What is consumed gives the peer new window, so back-pressure is: do not read.
    /// Completing it early (<see cref="PipeReader.Complete"/>) throws away what still comes.
    /// </summary>
    public PipeReader Input => _input;

    /// <summary>True once the peer has half-closed, reset, or the tunnel was lost, though data may still be unread in <see cref="Input"/>.</summary>
    public bool IsInputClosed => Volatile.Read(ref InputClosed);

    /// <summary>Why the stream broke; <see cref="StreamError.None"/> while it did not.</summary>
    public StreamError Error
    {
        get
        {
            lock (Tunnel.Sender.Gate)
                return _error;
        }
    }

    /// <summary>Where the stream's payload is counted, if anywhere. To be set before the first read or write.</summary>
    public StreamTraffic? Traffic { get; set; }

    internal StreamInput Received => _input;

    // Guarded by the gate; InputClosed is read without it.
    internal bool InputClosed;
    internal bool OutputClosed;
    internal StreamPhase Phase;
    internal long SendWindow;
    internal ReadOnlySequence<byte> Pending;
    internal bool IsQueued;
    internal TunnelStream? NextQueued;

    /// <summary>The answer that <see cref="TunnelConnection.OpenAsync"/> waits for.</summary>
    internal TaskCompletionSource? Opened { get; init; }

    internal int ReceiveWindowSize => _receiveWindow.Size;

    /// <summary>Accepts a stream that the peer opened.</summary>
    public void Accept() => Tunnel.AcceptStream(this);

    /// <summary>Refuses a stream that the peer opened; it is over. <paramref name="message"/> is for people, at most 1,000 bytes of UTF-8.</summary>
    public void Refuse(StreamError error, string message) => Tunnel.RefuseStream(this, error, message);

    /// <summary>
    /// Sends <paramref name="data"/>; completes when the tunnel has taken all of it (copied into what it sends next), which
    /// waits for the peer's window and for the stream's turn. The data must not change until then. A cancelled write leaves the
    /// stream in an unknown position: only <see cref="Abort"/> may follow. Throws <see cref="StreamException"/> when the stream was
    /// reset or its tunnel lost.
    /// </summary>
    public ValueTask WriteAsync(ReadOnlySequence<byte> data, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var sender = Tunnel.Sender;
        var taken = ValueTask.CompletedTask;
        bool sendsHere;
        lock (sender.Gate)
        {
            ThrowIfUnwritable();
            if (data.IsEmpty)
                return taken;
            Pending = data;
            sendsHere = sender.WriteHere(this);
            if (!Pending.IsEmpty)
            {
                _write.Reset();
                _writeToken = cancellationToken;
                if (cancellationToken.CanBeCanceled)
                    _writeCancellation = cancellationToken.UnsafeRegister(static (state, token) => ((TunnelStream)state!).CancelWrite(token), this);
                taken = new ValueTask(this, _write.Version);
            }
        }

        if (sendsHere)
            sender.SendHere();
        return taken;
    }

    /// <inheritdoc cref="WriteAsync(ReadOnlySequence{byte}, CancellationToken)"/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        WriteAsync(new ReadOnlySequence<byte>(data), cancellationToken);

    /// <summary>Half-closes: the peer's reader comes to its end after all that was written. Idempotent; no write may be pending.</summary>
    public void CompleteOutput() => Tunnel.CompleteStreamOutput(this);

    /// <summary>
    /// Resets the stream: both directions end at once, on both sides, with <paramref name="error"/>. Safe from any thread, repeatedly, also
    /// while reads and writes are pending (they fail with <see cref="StreamException"/>). Does nothing when both directions have ended.
    /// </summary>
    public void Abort(StreamError error) => Tunnel.AbortStream(this, error, byOwner: true);

    /// <summary>
    /// Has <paramref name="callback"/> called once, on the thread pool, when the stream breaks: reset by either side, or lost with its tunnel; at
    /// once if it broke already, never if both directions end in order. For an owner that waits for something else than this stream, such as the
    /// other connection of a relay, which may stand still for ever. A later callback takes the place of an earlier one that was not called.
    /// </summary>
    public void OnBroken(Action<object?> callback, object? state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (Tunnel.Sender.Gate)
        {
            (_onBroken, _onBrokenState) = (callback, state);
            if (_error != StreamError.None)
                TellBroken();
        }
    }

    /// <summary>
    /// The same stream as a <see cref="Stream"/> (reads, writes, flush; disposing it disposes of this), for libraries that need one.
    /// </summary>
    public Stream AsStream() => new ByteStream(this);

    /// <summary>Completes <see cref="Input"/>; what has not ended orderly is reset as <see cref="StreamError.Cancelled"/>.</summary>
    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token) => _write.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _write.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _write.OnCompleted(continuation, state, token, flags);

    internal void Close()
    {
        Abort(StreamError.Cancelled);
        _input.Complete();
    }

    /// <summary>With the gate held: the pending write was taken whole.</summary>
    internal void CompleteWrite()
    {
        Pending = default;
        EndWriteWait();
        _write.SetResult(true);
    }

    /// <summary>With the gate held: both directions end with <paramref name="error"/>. The caller fails <see cref="Received"/> after it left the gate.</summary>
    internal void Break(StreamError error, string message)
    {
        OutputClosed = true;
        Volatile.Write(ref InputClosed, true);
        _error = error;
        _errorMessage = message;
        if (!Pending.IsEmpty)
        {
            Pending = default;
            EndWriteWait();
            _write.SetException(new StreamException(error, message));
        }

        TellBroken();
    }

    /// <summary>On the tunnel's reader: counts received payload; false when it is more than was granted.</summary>
    internal bool TryReceive(int bytes)
    {
        _received += bytes;
        return _received <= Volatile.Read(ref _granted);
    }

    /// <summary>The consumer (or, once it completed its input, the tunnel's reader) took <paramref name="bytes"/> of what was received, and left <paramref name="unread"/>.</summary>
    internal void OnTaken(int bytes, long unread)
    {
        Traffic?.AddReceived(bytes);
        if (_receiveWindow.Take(bytes))
            Tunnel.GrantWindow(this, unread);
    }

    /// <summary>With the gate held: the credit to send to the peer, 0 for none.</summary>
    internal int UpdateReceiveWindow(WindowUse use, TunnelOptions options, ReceiveBudget budget)
    {
        var credit = _receiveWindow.Update(use, options, budget);
        Volatile.Write(ref _granted, _granted + credit);
        return credit;
    }

    private void ThrowIfUnwritable()
    {
        if (_error != StreamError.None)
            throw new StreamException(_error, _errorMessage);
        if (OutputClosed || Phase != StreamPhase.Open)
            throw new InvalidOperationException("The stream was not accepted yet, or its output was completed.");
        if (!Pending.IsEmpty)
            throw new InvalidOperationException("The stream has one writer, which already waits.");
    }

    private void CancelWrite(CancellationToken token)
    {
        lock (Tunnel.Sender.Gate)
        {
            // A callback that was late for its own write must not cancel the next.
            if (Pending.IsEmpty || token != _writeToken)
                return;
            Pending = default;
            _writeCancellation = default;
            _write.SetException(new OperationCanceledException(token));
        }
    }

    private void EndWriteWait()
    {
        // Unregister does not wait for a running callback: that one finds nothing pending, or a write of another token.
        _writeCancellation.Unregister();
        _writeCancellation = default;
    }

    /// <summary>With the gate held.</summary>
    private void TellBroken()
    {
        if (_onBroken is null)
            return;
        ThreadPool.UnsafeQueueUserWorkItem(_onBroken, _onBrokenState, preferLocal: false);
        (_onBroken, _onBrokenState) = (null, null);
    }
}
