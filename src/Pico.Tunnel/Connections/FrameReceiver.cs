using System.Runtime.CompilerServices;
using Pico.Tunnel.Buffers;

namespace Pico.Tunnel.Connections;

/// <summary>
/// Gathers what the transport receives. Its block holds the tunnel's bytes that were not consumed, and behind them what came but was not looked at:
/// <code>
///   | consumed | unread | framing | received … | free … |
///              start    end       raw          rawEnd
/// </code>
/// Payloads stay where they were received; of what is unread only a frame's beginning, cut off by the framing of the next message, is moved up to its rest.
/// </summary>
/// <param name="transport">Where it receives.</param>
/// <param name="keepsBlock">Waits with a block at hand, which saves two calls to the kernel each time; else it holds none while it waits for the first byte of something new.</param>
internal sealed class FrameReceiver(TunnelTransport transport, bool keepsBlock)
{
    private Block? _block;
    private int _start;
    private int _end;
    private int _raw;
    private int _rawEnd;

    /// <summary>What was received and not yet consumed.</summary>
    public ReadOnlySpan<byte> Unread => _block is null ? [] : _block.Bytes.AsSpan(_start, _end - _start);

    /// <summary>Marks <paramref name="count"/> bytes of <see cref="Unread"/> as done with.</summary>
    public void Consume(int count) => _start += count;

    /// <summary>Receives more behind <see cref="Unread"/>; false when the peer closed. There is room as long as no unread frame exceeds the block's half.</summary>
    public ValueTask<bool> ReceiveAsync() => TryUnwrap() ? ValueTask.FromResult(true) : ReceiveMoreAsync();

    /// <summary>Throws away what comes, until the peer closes or the transport fails.</summary>
    public async Task DrainAsync()
    {
        try
        {
            do
            {
                Consume(Unread.Length);
                // Of a peer that always has more waiting, others do not suffer.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }
            while (await ReceiveAsync());
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or TunnelException)
        {
            // Nothing comes any more.
        }
    }

    /// <summary>Gives the block back, when no receive is pending.</summary>
    public void Release()
    {
        _block?.Dispose();
        _block = null;
        _start = _end = _raw = _rawEnd = 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReceiveMoreAsync()
    {
        do
        {
            if (_start == _end && _raw == _rawEnd && !keepsBlock)
            {
                Release();
                await transport.ReceiveAsync(Memory<byte>.Empty);
            }

            _block ??= BlockPool.Large.Rent();
            Compact();
            var count = await transport.ReceiveAsync(_block.Memory[_rawEnd..]);
            if (count == 0)
                return false;
            _rawEnd += count;
        }
        while (!TryUnwrap());
        return true;
    }

    /// <summary>Finds the next payload in what was received, and joins it to what is unread.</summary>
    private bool TryUnwrap()
    {
        while (_raw < _rawEnd && transport.TryUnwrap(_block!.Bytes.AsSpan(_raw, _rawEnd - _raw), out var skip, out var payload))
        {
            _raw += skip;
            if (payload == 0)
                continue;
            Unread.CopyTo(_block.Bytes.AsSpan(_raw - (_end - _start)));
            _start = _raw - (_end - _start);
            _raw += payload;
            _end = _raw;
            return true;
        }

        return false;
    }

    /// <summary>Makes room behind what was received, if there is little.</summary>
    private void Compact()
    {
        if (_start == _end)
            _start = _end = _raw;
        if (_start == _rawEnd)
            _start = _end = _raw = _rawEnd = 0;
        var bytes = _block!.Bytes;
        if (_start == 0 || bytes.Length - _rawEnd >= bytes.Length / 2)
            return;
        bytes.AsSpan(_start, _rawEnd - _start).CopyTo(bytes);
        (_start, _end, _raw, _rawEnd) = (0, _end - _start, _raw - _start, _rawEnd - _start);
    }
}
