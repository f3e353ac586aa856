using System.Buffers;

namespace Pico.Server.Proxy.Wire;

/// <summary>Follows a body that passes through in pieces and says which bytes belong to it. A value that holds no buffer.</summary>
internal struct BodyScanner(BodyFraming framing)
{
    private long _remaining = framing.Length;
    private ChunkedScanner _chunks;

    /// <summary>True once the body's last byte was taken. Never for a body that ends with its connection.</summary>
    public bool IsComplete { get; private set; } = framing.Kind == BodyKind.None;

    /// <summary>The body's length in bytes; of one in chunks, those that were announced so far.</summary>
    public readonly long DataLength => framing.Kind == BodyKind.Chunked ? _chunks.DataLength : framing.Length;

    /// <summary>How many of its bytes were taken; of one in chunks, those that were announced so far.</summary>
    public readonly long TakenLength => framing.Kind == BodyKind.Chunked ? _chunks.DataLength : framing.Length - _remaining;

    /// <summary>How the body ends.</summary>
    public readonly BodyKind Kind => framing.Kind;

    /// <summary>
    /// Takes what belongs to the body from the beginning of <paramref name="buffer"/>; the next call's buffer must begin after those
    /// <paramref name="used"/> bytes. False if what follows them is malformed.
    /// </summary>
    public bool TryTake(in ReadOnlySequence<byte> buffer, out long used)
    {
        switch (framing.Kind)
        {
            case BodyKind.Length:
                used = Math.Min(_remaining, buffer.Length);
                _remaining -= used;
                IsComplete = _remaining == 0;
                return true;
            case BodyKind.Chunked:
                var status = _chunks.Scan(buffer, out used);
                IsComplete = status == ChunkedStatus.Complete;
                return status != ChunkedStatus.Malformed;
            case BodyKind.UntilClose:
                used = buffer.Length;
                _remaining -= used;
                return true;
            default:
                used = 0;
                return true;
        }
    }

    /// <summary>
    /// The same without the chunks' framing: takes up to the end of the first <paramref name="data"/>. Call again as long as there is some.
    /// </summary>
    public bool TryTakeData(in ReadOnlySequence<byte> buffer, out long used, out ReadOnlySequence<byte> data)
    {
        if (framing.Kind == BodyKind.Chunked)
        {
            var status = _chunks.ReadData(buffer, out used, out data);
            IsComplete = status == ChunkedStatus.Complete;
            return status != ChunkedStatus.Malformed;
        }

        var good = TryTake(buffer, out used);
        data = buffer.Slice(0, used);
        return good;
    }
}
