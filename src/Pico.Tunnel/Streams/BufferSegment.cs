using System.Buffers;

namespace Pico.Tunnel.Streams;

/// <summary>One pooled array of a stream's received data, linked to the next.</summary>
internal sealed class BufferSegment : ReadOnlySequenceSegment<byte>
{
    private byte[] _array = [];

    /// <summary>Bytes written to the segment so far.</summary>
    public int End { get; private set; }

    /// <summary>Room for more at the end.</summary>
    public int Free => _array.Length - End;

    /// <summary>The position after the last byte, counted from the beginning of the stream's buffer.</summary>
    public long EndIndex => RunningIndex + End;

    /// <summary>The segment that follows.</summary>
    public BufferSegment? Following => (BufferSegment?)Next;

    /// <summary>Gets an array of at least <paramref name="size"/> bytes, at <paramref name="index"/> of the stream's buffer.</summary>
    public void Rent(int size, long index)
    {
        _array = ArrayPool<byte>.Shared.Rent(size);
        RunningIndex = index;
        End = 0;
        Memory = default;
        Next = null;
    }

    /// <summary>Gives the array back.</summary>
    public void Return()
    {
        ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        Memory = default;
        Next = null;
    }

    /// <summary>Adds as much of <paramref name="data"/> as there is room for; gives what is left of it.</summary>
    public ReadOnlySpan<byte> Append(ReadOnlySpan<byte> data)
    {
        var count = Math.Min(Free, data.Length);
        data[..count].CopyTo(_array.AsSpan(End));
        End += count;
        // A reader may hold a sequence that ends in this segment: only the length of Memory changes, what it sees stays.
        Memory = _array.AsMemory(0, End);
        return data[count..];
    }

    /// <summary>Links <paramref name="next"/> behind this segment.</summary>
    public void Link(BufferSegment next) => Next = next;
}
