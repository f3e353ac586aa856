namespace Pico.Server.Proxy.Wire;

/// <summary>How the end of a message's body is found (RFC 9112 6).</summary>
internal enum BodyKind : byte
{
    /// <summary>There is no body.</summary>
    None,

    /// <summary>It has a known number of bytes.</summary>
    Length,

    /// <summary>It comes in chunks; the last one ends it.</summary>
    Chunked,

    /// <summary>It ends with the connection (responses only).</summary>
    UntilClose,
}

/// <summary>A message's framing. <paramref name="Length"/> is the number of body bytes when <paramref name="Kind"/> is <see cref="BodyKind.Length"/>, else 0.</summary>
internal readonly record struct BodyFraming(BodyKind Kind, long Length = 0);

/// <summary>Decides the framing of requests and responses. What recipients could read in two ways is refused, never repaired.</summary>
internal static class Framing
{
    /// <summary>
    /// The framing of a request (RFC 9112 6.3), or false if it must be answered with 400 and the connection closed: Content-Length together with
    /// Transfer-Encoding, either of them twice, a length that is not plain digits or has leading zeros (octal to some), any coding but <c>chunked</c> alone, codings in HTTP/1.0,
    /// and fields that some gateways take for one of them.
    /// </summary>
    public static bool TryGetForRequest(ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields, bool isHttp10, out BodyFraming framing)
    {
        framing = default;
        if (!TryCollect(head, fields, isResponse: false, out var length, out var chunked) || (chunked && isHttp10))
            return false;

        framing = chunked ? new(BodyKind.Chunked) : length > 0 ? new(BodyKind.Length, length) : default;
        return true;
    }

    /// <summary>
    /// The framing of a response (RFC 9112 6.3), or false if it is not valid HTTP. A Content-Length repeated with the same value is allowed
    /// (RFC 9110 8.6); it must be passed on once.
    /// </summary>
    public static bool TryGetForResponse(
        ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields, int status, bool isHttp10, bool toHead, out BodyFraming framing)
    {
        framing = default;
        if (!TryCollect(head, fields, isResponse: true, out var length, out var chunked) || (chunked && isHttp10))
            return false;
        if (toHead || status is < 200 or 204 or 304)
            return true;

        framing = chunked ? new(BodyKind.Chunked)
            : length > 0 ? new(BodyKind.Length, length)
            : length == 0 ? default
            : new(BodyKind.UntilClose);
        return true;
    }

    private static bool TryCollect(
        ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields, bool isResponse, out long length, out bool chunked)
    {
        length = -1;
        chunked = false;
        foreach (ref readonly var field in fields)
        {
            switch (field.Known)
            {
                case KnownHeader.ContentLength:
                    if (!TryParseLength(field.Value(head), out var value) || (length >= 0 && !(isResponse && length == value)))
                        return false;
                    if (!isResponse && field.Value(head) is [(byte)'0', _, ..])
                        return false;
                    length = value;
                    break;
                case KnownHeader.TransferEncoding:
                    if (chunked || !System.Text.Ascii.EqualsIgnoreCase(field.Value(head), "chunked"u8))
                        return false;
                    chunked = true;
                    break;
                case KnownHeader.FramingLookalike:
                    return false;
            }
        }

        return !(chunked && length >= 0);
    }

    /// <summary>Parses <c>1*DIGIT</c> (RFC 9110 8.6): no sign, no list, nothing beyond 2^63-1.</summary>
    private static bool TryParseLength(ReadOnlySpan<byte> text, out long length)
    {
        length = 0;
        if (text.IsEmpty)
            return false;
        foreach (var b in text)
        {
            var digit = (uint)(b - '0');
            if (digit > 9 || length > (long.MaxValue - digit) / 10)
                return false;
            length = length * 10 + digit;
        }

        return true;
    }
}
