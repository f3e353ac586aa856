using System.Buffers;

namespace Pico.Server.Proxy.Wire;

/// <summary>
/// Finds the end of a head (or of a trailer section) in bytes that come in pieces. It looks at each byte once, however small the pieces,
/// and refuses a line that ends in a bare LF at once: recipients disagree about those, and that is how requests are smuggled (RFC 9112 2.2, 11.2).
/// </summary>
internal struct HeadScanner
{
    private int _scanned;
    private int _lineLength;
    private bool _afterCr;

    /// <summary>
    /// Looks at what is new in <paramref name="buffer"/>, which begins where it began at the last call. When
    /// <see cref="HeadStatus.Complete"/>, <paramref name="length"/> is the length of the head with its empty line.
    /// </summary>
    public HeadStatus Scan(in ReadOnlySequence<byte> buffer, int maxLength, out int length)
    {
        length = 0;
        if (buffer.IsSingleSegment)
            return Scan(buffer.FirstSpan[_scanned..], maxLength, out length);

        foreach (var segment in buffer.Slice(_scanned))
        {
            var status = Scan(segment.Span, maxLength, out length);
            if (status != HeadStatus.Incomplete)
                return status;
        }

        return HeadStatus.Incomplete;
    }

    private HeadStatus Scan(ReadOnlySpan<byte> bytes, int maxLength, out int length)
    {
        length = 0;
        while (!bytes.IsEmpty)
        {
            var lf = bytes.IndexOf((byte)'\n');
            if (lf < 0)
            {
                _scanned += bytes.Length;
                _lineLength += bytes.Length;
                _afterCr = bytes[^1] == '\r';
                break;
            }

            if (!(lf > 0 ? bytes[lf - 1] == '\r' : _afterCr))
                return HeadStatus.Malformed;

            _scanned += lf + 1;
            if (_scanned > maxLength)
                return HeadStatus.TooLarge;
            if (_lineLength + lf == 1)
            {
                length = _scanned;
                return HeadStatus.Complete;
            }

            _lineLength = 0;
            _afterCr = false;
            bytes = bytes[(lf + 1)..];
        }

        return _scanned > maxLength ? HeadStatus.TooLarge : HeadStatus.Incomplete;
    }
}
