using System.Buffers.Binary;
using System.Collections.Concurrent;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Streams;

namespace Pico.Tunnel;

/// <summary>The streams of a tunnel: opening, answering, ending. Their state changes with the gate held, and nowhere else.</summary>
public sealed partial class TunnelConnection
{
    private readonly ConcurrentDictionary<uint, TunnelStream> _streams = new(concurrencyLevel: 1, capacity: 7);
    private readonly ReceiveBudget _budget;

    /// <summary>From this ID on the peer is asked to replace the tunnel: half a million streams are left, for the time that it takes.</summary>
    private const uint LastIds = int.MaxValue - (1 << 20);

    // Guarded by the gate.
    private TaskCompletionSource? _idle;
    private uint _nextId;
    private int _streamCount;
    private int _streamsFromPeer;
    private bool _sentGoAway;
    private bool _receivedGoAway;
    private bool _streamsBroken;

    /// <summary>True while new streams may be opened: not over, no GO_AWAY received, and IDs left. One that was sent binds the peer, not this side.</summary>
    public bool IsOpen => Volatile.Read(ref _ending) == 0 && !Volatile.Read(ref _receivedGoAway) && Volatile.Read(ref _nextId) <= int.MaxValue;

    /// <summary>Streams that are open now, from both sides.</summary>
    public int StreamCount => Volatile.Read(ref _streamCount);

    /// <summary>Completes when no stream is open (at once if none is). For draining: combine with a deadline.</summary>
    public Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        lock (Sender.Gate)
        {
            if (_streamCount == 0)
                return Task.CompletedTask;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Opens a stream and waits until the peer accepted it, i.e. has connected to the service. Throws <see cref="StreamException"/>: nothing was
    /// sent then, so another upstream may be tried whatever the request.
    /// </summary>
    public async ValueTask<TunnelStream> OpenAsync(StreamOpen open, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var stream = BeginOpen(open);
        try
        {
            await stream.Opened!.Task.WaitAsync(_options.OpenTimeout, _time, cancellationToken);
            return stream;
        }
        catch (TimeoutException e)
        {
            await stream.DisposeAsync();
            throw new StreamException(StreamError.ServiceTimeout, $"the stream was not accepted within {_options.OpenTimeout.TotalSeconds:0.#} s", e);
        }
        catch (OperationCanceledException)
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    internal void AcceptStream(TunnelStream stream)
    {
        Span<byte> window = stackalloc byte[sizeof(uint)];
        lock (Sender.Gate)
        {
            // A stream that was reset meanwhile: its reads and writes will say so.
            if (stream.InputClosed)
            {
                Answered(stream);
                return;
            }

            RequireOffered(stream);
            stream.Phase = StreamPhase.Open;
            BinaryPrimitives.WriteUInt32BigEndian(window, (uint)stream.ReceiveWindowSize);
            Sender.AppendControl(FrameType.Accept, stream.Id, window);
        }
    }

    internal void RefuseStream(TunnelStream stream, StreamError error, string message)
    {
        lock (Sender.Gate)
        {
            if (stream.InputClosed)
            {
                Answered(stream);
                return;
            }

            RequireOffered(stream);
            AppendReason(FrameType.Refuse, stream.Id, error, message);
            stream.Phase = StreamPhase.Open;
            BreakStream(stream, error, message);
        }

        stream.Received.Fail(error, message);
    }

    internal void CompleteStreamOutput(TunnelStream stream)
    {
        lock (Sender.Gate)
        {
            if (stream.OutputClosed)
                return;
            if (stream.Phase != StreamPhase.Open || !stream.Pending.IsEmpty)
                throw new InvalidOperationException("The stream was not accepted yet, or a write is pending.");
            stream.OutputClosed = true;
            Sender.AppendControl(FrameType.Data, stream.Id, [], FrameHeader.Fin);
            if (stream.InputClosed)
                Forget(stream);
        }
    }

    internal void AbortStream(TunnelStream stream, StreamError error, bool byOwner = false)
    {
        const string Message = "the stream was aborted on this side";
        lock (Sender.Gate)
        {
            if (stream.OutputClosed && stream.InputClosed)
            {
                if (byOwner)
                    Answered(stream);
                return;
            }

            AppendReason(stream.Phase == StreamPhase.Offered ? FrameType.Refuse : FrameType.Reset, stream.Id, error, "");
            if (byOwner && stream.Phase == StreamPhase.Offered)
                stream.Phase = StreamPhase.Open;
            BreakStream(stream, error, Message);
        }

        FailStream(stream, error, Message);
    }

    internal void GrantWindow(TunnelStream stream, long unread)
    {
        Span<byte> payload = stackalloc byte[sizeof(uint)];
        lock (Sender.Gate)
        {
            if (stream.InputClosed)
                return;
            var now = _time.GetTimestamp();
            var credit = stream.UpdateReceiveWindow(new WindowUse(now, _keepAlive.RoundTrip, _keepAlive.PathRoundTrip, unread), _options, _budget);
            if (credit > 0)
            {
                BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)credit);
                Sender.AppendControl(FrameType.Window, stream.Id, payload);
            }

            if (_keepAlive.IsSampleDue(now))
                Ping(now);
        }
    }

    private static void RequireOffered(TunnelStream stream)
    {
        if (stream.Phase != StreamPhase.Offered)
            throw new InvalidOperationException("The stream was answered already, or opened by this side.");
    }

    /// <summary>
    /// With the gate held: the owner answered a stream that was over already. Until then it counted as one that the peer has open, for its
    /// owner may be connecting to a service: a peer that opens and resets in turns causes no more of that than its limit allows.
    /// </summary>
    private void Answered(TunnelStream stream)
    {
        if (stream.Phase != StreamPhase.Offered)
            return;
        stream.Phase = StreamPhase.Open;
        _streamsFromPeer--;
    }

    /// <summary>Without the gate: those who wait for the stream learn that it broke.</summary>
    private static void FailStream(TunnelStream stream, StreamError error, string message)
    {
        stream.Received.Fail(error, message);
        stream.Opened?.TrySetException(new StreamException(error, message));
    }

    private TunnelStream BeginOpen(StreamOpen open)
    {
        Span<byte> payload = stackalloc byte[256];
        lock (Sender.Gate)
        {
            if (!IsOpen || _streamsBroken || _nextId > int.MaxValue)
                throw new StreamException(_receivedGoAway ? StreamError.Draining : StreamError.TunnelLost, "the tunnel takes no new streams");
            var stream = new TunnelStream(this, _nextId, StreamPhase.Opening, _budget.TakeInitial(_options))
            {
                Opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            };
            _nextId += 2;
            if (_nextId >= LastIds && !_sentGoAway)
            {
                _sentGoAway = true;
                AppendGoAway(TunnelError.None, "the tunnel runs out of stream IDs");
            }

            Remember(stream);
            var length = MessageCodec.WriteOpen(payload, open, (uint)stream.ReceiveWindowSize);
            Sender.AppendControl(FrameType.Open, stream.Id, payload[..length]);
            return stream;
        }
    }

    /// <summary>With the gate held: both directions are over without more ado on the wire.</summary>
    private void BreakStream(TunnelStream stream, StreamError error, string message)
    {
        stream.Break(error, message);
        Forget(stream);
    }

    /// <summary>Breaks every stream, for the tunnel is over; no stream comes after.</summary>
    private List<TunnelStream> BreakStreams(TunnelEnd end)
    {
        lock (Sender.Gate)
        {
            _streamsBroken = true;
            var streams = _streams.Values.ToList();
            foreach (var stream in streams)
                BreakStream(stream, StreamError.TunnelLost, $"the tunnel ended: {end.Message}");
            return streams;
        }
    }

    /// <summary>With the gate held.</summary>
    private void Remember(TunnelStream stream)
    {
        _streams[stream.Id] = stream;
        _streamCount++;
        if (IsFromPeer(stream.Id))
            _streamsFromPeer++;
    }

    /// <summary>With the gate held: the wire knows the stream no more.</summary>
    private void Forget(TunnelStream stream)
    {
        if (!_streams.TryRemove(stream.Id, out _))
            return;
        _budget.Return(stream.ReceiveWindowSize);
        if (IsFromPeer(stream.Id) && stream.Phase != StreamPhase.Offered)
            _streamsFromPeer--;
        if (--_streamCount == 0)
            _idle?.TrySetResult();
        if (_streamCount == 0)
            _idle = null;
    }

    private bool IsFromPeer(uint id) => ((id ^ _nextId) & 1) != 0;

    /// <summary>With the gate held.</summary>
    private void AppendReason(FrameType type, uint id, StreamError error, string message)
    {
        Span<byte> payload = stackalloc byte[MessageCodec.MaxMessage + 16];
        var length = MessageCodec.WriteReason(payload, (ushort)error, message);
        Sender.AppendControl(type, id, payload[..length]);
    }
}
