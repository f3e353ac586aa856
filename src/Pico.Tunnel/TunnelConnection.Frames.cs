using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Pico.Tunnel.Connections;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Streams;

namespace Pico.Tunnel;

/// <summary>
/// The reader of a tunnel: bytes in, frames dispatched. It never waits for a stream's consumer, so one slow stream holds up no other:
/// what a stream may send before its consumer takes it is bounded by its window.
/// </summary>
public sealed partial class TunnelConnection
{
    private const int MaxReceivedInARow = 16;

    // Owned by the reader.
    private int _receivedInARow;
    private readonly List<TunnelStream> _touched = [];
    [SuppressMessage("Reliability", "CA2213:Disposable fields should be disposed", Justification = "Its consumer owns the stream.")]
    private TunnelStream? _dataStream;
    private int _dataRemaining;
    private bool _dataFin;
    private uint _lastPeerId;
    private long _dataReceived;
    private TunnelEnd? _peerReason;

    private async Task ReadAsync()
    {
        // The caller of Start goes on at once.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            do
            {
                HandleReceived();
                if (Sender.IsFlooded)
                    throw new TunnelException(TunnelError.Flood, "the peer causes more answers than it reads");
            }
            while (await ReceiveAsync());
            BeginEnd(_peerReason ?? new TunnelEnd(TunnelError.TransportLost, "the peer closed the connection"), sayWhy: true);
        }
        catch (ProtocolViolationException e)
        {
            await SayWhyAsync(new TunnelEnd(TunnelError.ProtocolError, e.Message));
        }
        catch (TunnelException e)
        {
            await SayWhyAsync(new TunnelEnd(e.Error, e.Message));
        }
        catch (HandlerException e)
        {
            TunnelLog.HandlerFailed(_logger, Remote.Name, RemoteAddress, e.InnerException!);
            await SayWhyAsync(new TunnelEnd(TunnelError.Internal, "internal error"));
        }
        catch (Exception e)
        {
            BeginEnd(_peerReason ?? new TunnelEnd(TunnelError.TransportLost, $"receiving failed: {e.Message}"), sayWhy: false);
        }
        finally
        {
            _receiver.Release();
        }
    }

    private void HandleReceived()
    {
        Burst.Begin();
        try
        {
            Dispatch();
            foreach (var stream in _touched)
                stream.Received.Flush();
            _touched.Clear();
        }
        finally
        {
            Burst.End();
        }
    }

    /// <summary>Ends the tunnel; what still comes is thrown away until it is closed, for the peer reads the reason only if it gets rid of what it sends.</summary>
    private Task SayWhyAsync(TunnelEnd end)
    {
        BeginEnd(end, sayWhy: true);
        return _receiver.DrainAsync();
    }

    /// <summary>
    /// Receives more. A peer that always has more waiting does not keep the thread for ever: where sockets report inline, others are served by it too.
    /// </summary>
    private ValueTask<bool> ReceiveAsync()
    {
        var receiving = _receiver.ReceiveAsync();
        if (!receiving.IsCompleted)
        {
            _receivedInARow = 0;
            return receiving;
        }

        if (++_receivedInARow < MaxReceivedInARow)
            return receiving;
        _receivedInARow = 0;
        return YieldAsync(receiving);
    }

    private static async ValueTask<bool> YieldAsync(ValueTask<bool> received)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return await received;
    }

    /// <summary>Dispatches every frame that was received whole, and of DATA also a part.</summary>
    private void Dispatch()
    {
        var unread = _receiver.Unread;
        if (unread.IsEmpty)
            return;
        _keepAlive.OnReceived(_time.GetTimestamp());
        var rest = unread;
        while (!rest.IsEmpty)
        {
            if (_dataRemaining > 0)
            {
                var part = rest[..Math.Min(rest.Length, _dataRemaining)];
                rest = rest[part.Length..];
                OnData(part);
                continue;
            }

            if (rest.Length < FrameHeader.Size)
                break;
            var header = FrameHeader.Read(rest);
            if (header.Type == FrameType.Data)
            {
                rest = rest[FrameHeader.Size..];
                OnDataHeader(header);
                continue;
            }

            if (header.Length > FrameHeader.MaxControlPayload)
                throw new ProtocolViolationException($"a frame of type {header.Type} has {header.Length} bytes, at most {FrameHeader.MaxControlPayload} are allowed");
            if (rest.Length < FrameHeader.Size + header.Length)
                break;
            OnControl(header, rest.Slice(FrameHeader.Size, header.Length));
            rest = rest[(FrameHeader.Size + header.Length)..];
        }

        _receiver.Consume(unread.Length - rest.Length);
    }

    private void OnDataHeader(FrameHeader header)
    {
        _dataRemaining = header.Length;
        _dataFin = header.IsFin;
        _dataStream = Find(header.Id);
        if (_dataStream is { } stream && !MayReceive(stream, header.Length))
            _dataStream = null;
        if (_dataRemaining == 0)
            EndData();
    }

    private bool MayReceive(TunnelStream stream, int bytes)
    {
        if (stream.Phase != StreamPhase.Open || stream.InputClosed)
        {
            AbortStream(stream, StreamError.ProtocolError);
            return false;
        }

        if (stream.TryReceive(bytes))
            return true;
        TunnelLog.WindowExceeded(_logger, Remote.Name, RemoteAddress, stream.Id);
        AbortStream(stream, StreamError.FlowControl);
        return false;
    }

    private void OnData(ReadOnlySpan<byte> part)
    {
        _dataRemaining -= part.Length;
        Volatile.Write(ref _dataReceived, _dataReceived + part.Length);
        if (_dataStream is { } stream)
        {
            if (stream.Received.Append(part, _dataRemaining))
                Touch(stream);
            else
                stream.OnTaken(part.Length, unread: 0);
        }

        if (_dataRemaining == 0)
            EndData();
    }

    private void Touch(TunnelStream stream)
    {
        // Frames of one stream come in runs; a stream twice in the list costs a look at its lock.
        if (_touched.Count == 0 || _touched[^1] != stream)
            _touched.Add(stream);
    }

    private void EndData()
    {
        if (_dataFin && _dataStream is { } stream)
        {
            lock (Sender.Gate)
            {
                Volatile.Write(ref stream.InputClosed, true);
                if (stream.OutputClosed)
                    Forget(stream);
            }

            stream.Received.End();
        }

        _dataStream = null;
    }

    private void OnControl(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Type)
        {
            case FrameType.Open: OnOpen(header.Id, payload); break;
            case FrameType.Accept: OnAccept(header.Id, MessageCodec.ReadUInt32(payload, header.Type)); break;
            case FrameType.Refuse or FrameType.Reset: OnBroken(header, payload); break;
            case FrameType.Window: OnWindow(header.Id, MessageCodec.ReadUInt32(payload, header.Type)); break;
            case FrameType.Ping: OnPing(payload); break;
            case FrameType.Pong: OnPong(payload); break;
            case FrameType.GoAway: OnGoAway(payload); break;
            case FrameType.Register: OnRegister(header.Id, payload); break;
            case FrameType.Deregister: OnDeregister(header.Id); break;
            case FrameType.Registered or FrameType.RegisterRefused or FrameType.Deregistered: OnRegistrationAnswer(header, payload); break;
            case FrameType.Hello: throw new ProtocolViolationException("HELLO was sent twice");
        }
    }

    private void OnOpen(uint id, ReadOnlySpan<byte> payload)
    {
        if (!IsFromPeer(id) || id <= _lastPeerId || id > int.MaxValue)
            throw new ProtocolViolationException($"OPEN uses stream {id} after stream {_lastPeerId}");
        _lastPeerId = id;
        var open = MessageCodec.ReadOpen(payload, out var window);
        TunnelStream stream;
        lock (Sender.Gate)
        {
            if (_streamsBroken)
                return;
            if (_sentGoAway || _streamsFromPeer >= _options.MaxStreams)
            {
                AppendReason(FrameType.Refuse, id, _sentGoAway ? StreamError.Draining : StreamError.TooManyStreams, "");
                return;
            }

            if (window > int.MaxValue)
            {
                AppendReason(FrameType.Refuse, id, StreamError.FlowControl, "the window is too large");
                return;
            }

            stream = new TunnelStream(this, id, StreamPhase.Offered, _budget.TakeInitial(_options)) { SendWindow = window };
            Remember(stream);
        }

        Call(() => _handler.OnOpen(stream, open));
    }

    private void OnAccept(uint id, uint window)
    {
        if (Find(id) is not { } stream)
            return;
        if (stream.Opened is null || stream.Phase != StreamPhase.Opening)
            throw new ProtocolViolationException($"ACCEPT for stream {id}, which this side did not open or which was accepted");
        if (window > int.MaxValue)
        {
            AbortStream(stream, StreamError.FlowControl);
            return;
        }

        lock (Sender.Gate)
        {
            stream.Phase = StreamPhase.Open;
            stream.SendWindow = window;
        }

        stream.Opened.TrySetResult();
    }

    private void OnBroken(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (Find(header.Id) is not { } stream)
            return;
        var (code, message) = MessageCodec.ReadReason(payload);
        if (header.Type == FrameType.Refuse && stream.Phase != StreamPhase.Opening)
            throw new ProtocolViolationException($"REFUSE for stream {header.Id}, which was not being opened");
        var error = code == 0 ? StreamError.ProtocolError : code <= (ushort)StreamError.IdleTimeout ? (StreamError)code : StreamError.Internal;
        if (message.Length == 0)
            message = header.Type == FrameType.Refuse ? $"the peer refused the stream ({error})" : $"the peer reset the stream ({error})";
        lock (Sender.Gate)
            BreakStream(stream, error, message);
        FailStream(stream, error, message);
    }

    private void OnWindow(uint id, uint credit)
    {
        if (Find(id) is not { } stream)
            return;
        bool overflow;
        lock (Sender.Gate)
        {
            stream.SendWindow += credit;
            overflow = stream.SendWindow > int.MaxValue;
            if (!overflow && !stream.Pending.IsEmpty)
                Sender.Resume(stream);
        }

        if (overflow)
            AbortStream(stream, StreamError.FlowControl);
    }

    private void OnPing(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < sizeof(ulong))
            throw new ProtocolViolationException($"PING has {payload.Length} bytes instead of 8");
        lock (Sender.Gate)
            Sender.AppendPong(BinaryPrimitives.ReadUInt64BigEndian(payload));
    }

    private void OnPong(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < sizeof(ulong))
            throw new ProtocolViolationException($"PONG has {payload.Length} bytes instead of 8");
        lock (Sender.Gate)
            _keepAlive.EndPing(BinaryPrimitives.ReadUInt64BigEndian(payload), _time.GetTimestamp());
    }

    /// <summary>With the gate held.</summary>
    private void Ping(long now)
    {
        Span<byte> payload = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(payload, _keepAlive.BeginPing(now));
        Sender.AppendControl(FrameType.Ping, 0, payload);
    }

    private void OnGoAway(ReadOnlySpan<byte> payload)
    {
        var (reason, message) = MessageCodec.ReadGoAway(payload);
        _peerReason = new TunnelEnd(reason, message);
        if (_receivedGoAway)
            return;
        Volatile.Write(ref _receivedGoAway, true);
        Call(() => _handler.OnGoAway(this, reason, message));
    }

    /// <summary>Finds a stream; null for one that is over. A stream that never was is a violation.</summary>
    private TunnelStream? Find(uint id)
    {
        if (_streams.TryGetValue(id, out var stream))
            return stream;
        var last = IsFromPeer(id) ? _lastPeerId : Volatile.Read(ref _nextId) - 1;
        if (id == 0 || id > last)
            throw new ProtocolViolationException($"a frame is for stream {id}, which was never opened");
        return null;
    }

    private static void Call(Action handler)
    {
        try
        {
            handler();
        }
        catch (Exception e)
        {
            throw new HandlerException(e);
        }
    }

    private sealed class HandlerException(Exception inner) : Exception(inner.Message, inner);
}
