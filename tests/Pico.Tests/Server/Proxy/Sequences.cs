using System.Buffers;

namespace Pico.Tests.Server.Proxy;

/// <summary>Makes sequences of several segments.</summary>
internal static class Sequences
{
    /// <summary>The same bytes in two segments, split at <paramref name="position"/>.</summary>
    public static ReadOnlySequence<byte> Split(byte[] bytes, int position)
    {
        var first = new Segment(bytes.AsMemory(0, position), 0);
        var second = new Segment(bytes.AsMemory(position), position);
        first.Append(second);
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public void Append(Segment next) => Next = next;
    }
}
