using System.Buffers;
using System.Runtime.CompilerServices;

namespace Pico.Tunnel.Connections;

/// <summary>Gathers what the transport receives, and holds no buffer while it waits for the first byte of something new.</summary>
internal sealed class FrameReceiver(TunnelTransport transport)
{
    /// <summary>Room for the largest control frame, and large enough that a busy tunnel needs few receives.</summary>
    public const int BufferSize = 128 * 1024;

    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>What was received and not yet consumed.</summary>
    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Marks <paramref name="count"/> bytes of <see cref="Unread"/> as done with.</summary>
    public void Consume(int count) => _start += count;

    /// <summary>Receives more behind <see cref="Unread"/>; false when the peer closed. There is room as long as no unread frame exceeds the buffer.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReceiveAsync()
    {
        if (_start == _end)
        {
            Release();
            await transport.ReceiveAsync(Memory<byte>.Empty);
            _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        }
        else if (_start > 0)
        {
            Unread.CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        var count = await transport.ReceiveAsync(_buffer.AsMemory(_end));
        _end += count;
        return count > 0;
    }

    /// <summary>Gives the buffer back, when no receive is pending.</summary>
    public void Release()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _start = _end = 0;
    }
}
