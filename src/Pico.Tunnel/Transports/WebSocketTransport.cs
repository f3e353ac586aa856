using System.Runtime.CompilerServices;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel.Transports;

/// <summary>
/// A tunnel over a WebSocket (RFC 6455), after its upgrade: binary messages whose boundaries mean nothing. Takes ownership of <paramref name="stream"/>.
/// <code>
///   batch: [headroom | frames …] ─1▶ header into the headroom, mask in place ─2▶ one write
///   one read ─▶ [header | payload | header | payload …] ─3▶ TryUnwrap gives each payload where it lies
/// </code>
/// The framework's WebSocket copies what it sends into a second buffer, reads each header by a call of its own, and in a client loads OpenSSL for its masks.
/// (4) A ping is answered; while an answer waits for its turn, further ones are not, so pings cannot pile up. The tunnel has its own.
/// </summary>
/// <param name="stream">What the upgrade left.</param>
/// <param name="isClient">Clients mask what they send, and servers insist on it.</param>
/// <param name="remoteAddress">The peer's address, for people.</param>
/// <param name="abort">Ends the connection under <paramref name="stream"/>, if disposing of that does not.</param>
public sealed class WebSocketTransport(Stream stream, bool isClient, string remoteAddress, Action? abort = null) : TunnelTransport
{
    private const ushort NormalClosure = 1000;

    private readonly SemaphoreSlim _sending = new(1);
    private readonly TaskCompletionSource _peerEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MaskSource _masks; // the sender's, i.e. of who holds _sending
    private int _answering;    // 1 while a pong is on its way
    private int _aborted;      // 1 when there is nothing to abort any more

    // The receiver's.
    private WebSocketFrame _frame;
    private long _remaining;
    private bool _isInMessage;
    private bool _closed;

    /// <inheritdoc/>
    public override string RemoteAddress { get; } = remoteAddress;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (_closed)
            return 0;
        try
        {
            var count = await stream.ReadAsync(buffer).ConfigureAwait(false);
            if (count > 0 || buffer.IsEmpty)
                return count;
            EndReceiving();
            return 0;
        }
        catch
        {
            EndReceiving();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool TryUnwrap(Span<byte> received, out int skip, out int payload) // 3
    {
        (skip, payload) = (0, 0);
        if (_closed)
        {
            // What comes after the close, or after a broken frame, says nothing.
            skip = received.Length;
            return skip > 0;
        }

        try
        {
            if (_remaining == 0)
            {
                skip = WebSocketFrame.Read(received, out var frame);
                if (skip == 0)
                    return false;
                if (frame.IsControl)
                    return TryTakeControl(frame, received, ref skip);
                Begin(frame);
            }
        }
        catch (TunnelException)
        {
            EndReceiving();
            throw;
        }

        payload = (int)Math.Min(_remaining, received.Length - skip);
        _remaining -= payload;
        if (_frame.IsMasked)
            _frame = _frame with { Mask = WebSocketFrame.ApplyMask(received.Slice(skip, payload), _frame.Mask) };
        return skip + payload > 0;
    }

    /// <inheritdoc/>
    public override ValueTask SendAsync(Memory<byte> batch) => SendAsync(WebSocketOpcode.Binary, batch);

    /// <inheritdoc/>
    public override async ValueTask CloseAsync(TimeSpan deadline)
    {
        // Waits for the peer's own close, too: ASP.NET's sockets end with a TCP reset, which may overtake what was sent last.
        try
        {
            var frame = new byte[Headroom + sizeof(ushort)];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(Headroom), NormalClosure);
            await Task.WhenAll(SendAsync(WebSocketOpcode.Close, frame).AsTask(), _peerEnded.Task).WaitAsync(deadline, TimeProvider.System).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or TimeoutException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is gone or the peer does not read: there is nobody to say it to.
            Abort();
        }
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        _peerEnded.TrySetResult();
        if (Interlocked.Exchange(ref _aborted, 1) != 0)
            return;
        stream.Dispose();
        abort?.Invoke();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _peerEnded.TrySetResult();
        _aborted = 1;
        _sending.Dispose();
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(WebSocketOpcode opcode, Memory<byte> batch)
    {
        if (!_sending.Wait(0, CancellationToken.None))
            await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            await stream.WriteAsync(Wrap(opcode, batch)).ConfigureAwait(false); // 2
        }
        finally
        {
            _sending.Release();
        }
    }

    private Memory<byte> Wrap(WebSocketOpcode opcode, Memory<byte> batch) // 1
    {
        var payload = batch.Span[Headroom..];
        var mask = isClient ? _masks.Next() : 0;
        if (isClient)
            WebSocketFrame.ApplyMask(payload, mask);
        var frame = new WebSocketFrame(opcode, IsFinal: true, isClient, mask, payload.Length);
        var start = Headroom - frame.HeaderSize;
        frame.Write(batch.Span[start..]);
        return batch[start..];
    }

    private void Begin(WebSocketFrame frame)
    {
        if (frame.IsMasked == isClient)
            throw Violation(isClient ? "the server masks what it sends" : "the client does not mask what it sends");
        if (frame.Opcode == WebSocketOpcode.Text)
            throw Violation("the peer sent a text message; tunnels use binary ones");
        if (frame.Opcode != (_isInMessage ? WebSocketOpcode.Continuation : WebSocketOpcode.Binary))
            throw Violation("the peer sent a WebSocket frame that is none of a binary message");
        _isInMessage = !frame.IsFinal;
        _frame = frame;
        _remaining = frame.Length;
    }

    private bool TryTakeControl(WebSocketFrame frame, Span<byte> received, ref int skip)
    {
        var payload = received[skip..];
        if (payload.Length < frame.Length)
        {
            skip = 0;
            return false;
        }

        payload = payload[..(int)frame.Length];
        if (frame.IsMasked == isClient || frame.Opcode > WebSocketOpcode.Pong)
            throw Violation("the peer sent a WebSocket control frame that it may not send");
        skip += payload.Length;
        if (frame.IsMasked)
            WebSocketFrame.ApplyMask(payload, frame.Mask);
        if (frame.Opcode == WebSocketOpcode.Close)
            EndReceiving();
        else if (frame.Opcode == WebSocketOpcode.Ping && Interlocked.Exchange(ref _answering, 1) == 0)
            _ = AnswerAsync(payload.ToArray());
        return true;
    }

    private async Task AnswerAsync(byte[] ping) // 4
    {
        var pong = new byte[Headroom + ping.Length];
        ping.CopyTo(pong, Headroom);
        try
        {
            await SendAsync(WebSocketOpcode.Pong, pong).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The tunnel's writer or reader will find out and say so.
        }

        Volatile.Write(ref _answering, 0);
    }

    private void EndReceiving()
    {
        _closed = true;
        _peerEnded.TrySetResult();
    }

    private static TunnelException Violation(string message) => new(TunnelError.ProtocolError, message);
}
