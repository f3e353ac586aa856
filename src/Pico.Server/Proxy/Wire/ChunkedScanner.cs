using System.Buffers;

namespace Pico.Server.Proxy.Wire;

/// <summary>How far a chunked body has come.</summary>
internal enum ChunkedStatus : byte
{
    /// <summary>More of it follows.</summary>
    Incomplete,

    /// <summary>Its last byte was seen.</summary>
    Complete,

    /// <summary>It breaks RFC 9112 7.1; what was used so far is good, nothing after it may be passed on.</summary>
    Malformed,
}

/// <summary>
/// Follows a chunked body that passes through in pieces (RFC 9112 7.1) and says which bytes belong to it, so that they can be passed on as they are,
/// or which of them are data. A value that holds no buffer: trailers stay with the caller until all of them are there.
/// <code>
/// SizeStart ─▶ Size ─▶ [Extension] ─▶ SizeLf ─▶ Data ─▶ DataCr ─▶ DataLf ─▶ SizeStart
///                                        └─(size 0)─▶ Trailers ─▶ Done
/// </code>
/// </summary>
internal struct ChunkedScanner
{
    /// <summary>The greatest length of a chunk's size line with its extensions, in bytes.</summary>
    public const int MaxSizeLine = 1024;

    /// <summary>The greatest length of the trailer section, in bytes.</summary>
    public const int MaxTrailers = 8 * 1024;

    private State _state;
    private int _lineLength;
    private long _remaining;
    private HeadScanner _trailers;

    private enum State : byte
    {
        SizeStart,
        Size,
        ExtensionGap,
        Extension,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        Trailers,
        Done,
    }

    /// <summary>How much data the chunks that were announced so far have, in bytes.</summary>
    public long DataLength { get; private set; }

    /// <summary>When complete: how many of the bytes used last are the trailer section with its empty line (2 if there are no trailers).</summary>
    public int TrailerLength { get; private set; }

    /// <summary>
    /// Says how many bytes of <paramref name="buffer"/> belong to the body. The next call's buffer must begin after those
    /// <paramref name="used"/>. With <see cref="ChunkedStatus.Incomplete"/> more bytes are needed than the buffer has.
    /// </summary>
    public ChunkedStatus Scan(in ReadOnlySequence<byte> buffer, out long used)
    {
        used = 0;
        foreach (var segment in buffer)
        {
            var bytes = segment.Span;
            while (!bytes.IsEmpty && _state < State.Trailers)
            {
                int count;
                if (_state == State.Data)
                    count = SkipData(bytes.Length);
                else if (!TryFraming(bytes, out count))
                    return ChunkedStatus.Malformed;
                used += count;
                bytes = bytes[count..];
            }
        }

        return _state < State.Trailers ? ChunkedStatus.Incomplete : ScanTrailers(buffer, ref used);
    }

    /// <summary>
    /// The same, stopping after the first <paramref name="data"/>, which is a part of <paramref name="buffer"/>. As long as there is some, call again
    /// with what is left; when it is empty and the status <see cref="ChunkedStatus.Incomplete"/>, more bytes are needed.
    /// </summary>
    public ChunkedStatus ReadData(in ReadOnlySequence<byte> buffer, out long used, out ReadOnlySequence<byte> data)
    {
        used = 0;
        data = default;
        foreach (var segment in buffer)
        {
            var bytes = segment.Span;
            while (!bytes.IsEmpty && _state < State.Trailers)
            {
                if (_state == State.Data)
                {
                    var length = Math.Min(_remaining, buffer.Length - used);
                    data = buffer.Slice(used, length);
                    used += SkipData(length);
                    return ChunkedStatus.Incomplete;
                }

                if (!TryFraming(bytes, out var count))
                    return ChunkedStatus.Malformed;
                used += count;
                bytes = bytes[count..];
            }
        }

        return _state < State.Trailers ? ChunkedStatus.Incomplete : ScanTrailers(buffer, ref used);
    }

    private int SkipData(int available) => (int)SkipData((long)available);

    private long SkipData(long available)
    {
        var count = Math.Min(_remaining, available);
        _remaining -= count;
        if (_remaining == 0)
            _state = State.DataCr;
        return count;
    }

    /// <summary>Follows what is between data, up to where data or trailers begin. False if it is malformed.</summary>
    private bool TryFraming(ReadOnlySpan<byte> bytes, out int used)
    {
        for (used = 0; used < bytes.Length && _state is not (State.Data or State.Trailers); used++)
        {
            if (!TryStep(bytes[used]))
                return false;
        }

        return true;
    }

    private bool TryStep(byte b)
    {
        switch (_state)
        {
            case State.SizeStart:
                _remaining = 0;
                _lineLength = 0;
                _state = State.Size;
                return TryAddDigit(b);
            case State.Size:
                return b == '\r' || b == ';' || b is (byte)' ' or (byte)'\t' ? TryEndSize(b) : TryAddDigit(b);
            case State.ExtensionGap:
                if (b == ';')
                    _state = State.Extension;
                return ++_lineLength <= MaxSizeLine && b is (byte)';' or (byte)' ' or (byte)'\t';
            case State.Extension:
                if (b == '\r')
                    _state = State.SizeLf;
                return ++_lineLength <= MaxSizeLine && (b is >= 0x20 and not 0x7f or (byte)'\t' or (byte)'\r');
            case State.SizeLf:
                DataLength = _remaining > long.MaxValue - DataLength ? long.MaxValue : DataLength + _remaining;
                _state = _remaining > 0 ? State.Data : State.Trailers;
                return b == '\n';
            case State.DataCr:
                _state = State.DataLf;
                return b == '\r';
            case State.DataLf:
                _state = State.SizeStart;
                return b == '\n';
            default:
                throw new InvalidOperationException($"A chunked body has no framing byte in state {_state}.");
        }
    }

    private bool TryEndSize(byte b)
    {
        // Whitespace is allowed before an extension only; a size that ends in a space is read as another number by some.
        _state = b == '\r' ? State.SizeLf : b == ';' ? State.Extension : State.ExtensionGap;
        return ++_lineLength <= MaxSizeLine;
    }

    private bool TryAddDigit(byte b)
    {
        var digit = b switch
        {
            >= (byte)'0' and <= (byte)'9' => b - '0',
            >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
            _ => -1,
        };
        if (digit < 0 || _remaining > long.MaxValue >> 4 || ++_lineLength > MaxSizeLine)
            return false;

        _remaining = (_remaining << 4) | (long)digit;
        return true;
    }

    private ChunkedStatus ScanTrailers(in ReadOnlySequence<byte> buffer, ref long used)
    {
        if (_state == State.Done)
            return ChunkedStatus.Complete;

        var rest = buffer.Slice(used);
        switch (_trailers.Scan(rest, MaxTrailers, out var length))
        {
            case HeadStatus.Incomplete:
                return ChunkedStatus.Incomplete;
            case HeadStatus.Complete when length == 2 || AreTrailersGood(rest.Slice(0, length)):
                TrailerLength = length;
                used += length;
                _state = State.Done;
                return ChunkedStatus.Complete;
            default:
                return ChunkedStatus.Malformed;
        }
    }

    /// <summary>
    /// A trailer may be anything that the proxy does not act on in a head: services that merge trailers into the headers must not find framing,
    /// routing or the client's address in them (RFC 9110 6.5.1).
    /// </summary>
    private static bool AreTrailersGood(in ReadOnlySequence<byte> section)
    {
        var fields = new HeaderList();
        var bytes = section.IsSingleSegment ? section.FirstSpan : section.ToArray();
        if (fields.Parse(bytes, 0) != HeadStatus.Complete)
            return false;

        foreach (ref readonly var field in fields.Fields)
        {
            if (field.Known is not (KnownHeader.Other or KnownHeader.Date))
                return false;
        }

        return true;
    }
}
