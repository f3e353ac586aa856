using System.Buffers;
using System.Text;

namespace Pico.Tests.Server.Proxy.Wire;

/// <summary>Text as bytes, in one piece or in many.</summary>
internal static class Bytes
{
    public static byte[] Of(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static string Text(ReadOnlySequence<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>A sequence with a segment border after every <paramref name="size"/> bytes.</summary>
    public static ReadOnlySequence<byte> Split(ReadOnlyMemory<byte> bytes, int size)
    {
        var first = new Segment(bytes[..Math.Min(size, bytes.Length)], null);
        var last = first;
        for (var at = size; at < bytes.Length; at += size)
            last = new Segment(bytes.Slice(at, Math.Min(size, bytes.Length - at)), last);
        return new(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null)
                return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
