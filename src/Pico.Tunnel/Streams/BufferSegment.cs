using System.Buffers;
using Pico.Tunnel.Buffers;

namespace Pico.Tunnel.Streams;

/// <summary>One block of a stream's received data, linked to the next.</summary>
internal sealed class BufferSegment : ReadOnlySequenceSegment<byte>
{
    private Block? _block;

    /// <summary>Bytes written to the segment so far.</summary>
    public int End { get; private set; }

    /// <summary>Room for more at the end.</summary>
    public int Free => _block!.Bytes.Length - End;

    /// <summary>The position after the last byte, counted from the beginning of the stream's buffer.</summary>
    public long EndIndex => RunningIndex + End;

    /// <summary>The segment that follows.</summary>
    public BufferSegment? Following => (BufferSegment?)Next;

    /// <summary>Gets a block for <paramref name="size"/> bytes or as many as the largest holds, at <paramref name="index"/> of the stream's buffer.</summary>
    public void Rent(int size, long index)
    {
        _block = (size <= BlockPool.Small.MaxBufferSize ? BlockPool.Small : BlockPool.Medium).Rent();
        RunningIndex = index;
        End = 0;
        Memory = default;
        Next = null;
    }

    /// <summary>Gives the block back.</summary>
    public void Return()
    {
        _block!.Dispose();
        _block = null;
        Memory = default;
        Next = null;
    }

    /// <summary>Adds as much of <paramref name="data"/> as there is room for; gives what is left of it.</summary>
    public ReadOnlySpan<byte> Append(ReadOnlySpan<byte> data)
    {
        var count = Math.Min(Free, data.Length);
        data[..count].CopyTo(_block!.Bytes.AsSpan(End));
        End += count;
        // A reader may hold a sequence that ends in this segment: only the length of Memory changes, what it sees stays.
        Memory = _block.Bytes.AsMemory(0, End);
        return data[count..];
    }

    /// <summary>Links <paramref name="next"/> behind this segment.</summary>
    public void Link(BufferSegment next) => Next = next;
}
