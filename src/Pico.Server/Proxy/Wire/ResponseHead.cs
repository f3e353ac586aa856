namespace Pico.Server.Proxy.Wire;

/// <summary>
/// The head of a response: its status line and how its body ends; the fields are in a <see cref="HeaderList"/> and, like
/// <see cref="Reason"/>, are positions in the head's bytes. Nothing is trusted: what RFC 9112 does not allow is malformed.
/// </summary>
internal readonly struct ResponseHead
{
    private const int StatusLineStart = 12; // "HTTP/1.1 200"
    private readonly int _reasonLength;

    private readonly bool _mayHaveMore;

    private ResponseHead(int status, int reasonLength, bool isHttp10, ConnectionOptions connection, BodyFraming framing, bool mayHaveMore)
    {
        _mayHaveMore = mayHaveMore;
        Status = status;
        _reasonLength = reasonLength;
        IsHttp10 = isHttp10;
        Connection = connection;
        Framing = framing;
    }

    /// <summary>The status code, 100 to 999.</summary>
    public int Status { get; }

    /// <summary>True for an HTTP/1.0 response.</summary>
    public bool IsHttp10 { get; }

    /// <summary>What the Connection fields say.</summary>
    public ConnectionOptions Connection { get; }

    /// <summary>How the body ends.</summary>
    public BodyFraming Framing { get; }

    /// <summary>True for 1xx other than 101: another response follows (RFC 9110 15.2).</summary>
    public bool IsInterim => Status is < 200 and not 101;

    /// <summary>True if the connection lives on after the body's end (RFC 9112 9.3).</summary>
    public bool KeepsAlive => Framing.Kind != BodyKind.UntilClose
        && !_mayHaveMore
        && (Connection & ConnectionOptions.Close) == 0
        && (!IsHttp10 || (Connection & ConnectionOptions.KeepAlive) != 0);

    /// <summary>The reason phrase; may be empty.</summary>
    public ReadOnlySpan<byte> Reason(ReadOnlySpan<byte> head) => _reasonLength == 0 ? default : head.Slice(StatusLineStart + 1, _reasonLength);

    /// <summary>
    /// Parses <paramref name="head"/>, a complete head that <see cref="HeadScanner"/> found.
    /// <paramref name="toHead"/>: the request's method was HEAD.
    /// </summary>
    public static HeadStatus Parse(ReadOnlySpan<byte> head, HeaderList fields, bool toHead, out ResponseHead response)
    {
        response = default;
        var lineLength = head.IndexOf((byte)'\n') - 1;
        if (lineLength < StatusLineStart || !head.StartsWith("HTTP/1."u8) || head[7] is not ((byte)'0' or (byte)'1') || head[8] != ' ')
            return HeadStatus.Malformed;

        uint hundreds = head[9] - (uint)'0', tens = head[10] - (uint)'0', ones = head[11] - (uint)'0';
        if (hundreds is 0 or > 9 || tens > 9 || ones > 9)
            return HeadStatus.Malformed;

        // The space after the status is required even without a reason, but left out by enough services to be let pass.
        var reason = head[StatusLineStart..lineLength];
        if (!reason.IsEmpty && (reason[0] != ' ' || reason.ContainsAny(HttpChars.NotInValue)))
            return HeadStatus.Malformed;

        var status = fields.Parse(head, lineLength + 2);
        if (status != HeadStatus.Complete)
            return status;

        var code = (int)(hundreds * 100 + tens * 10 + ones);
        var isHttp10 = head[7] == '0';
        if (!Wire.Framing.TryGetForResponse(head, fields.Fields, code, isHttp10, toHead, out var framing))
            return HeadStatus.Malformed;

        // A service that frames a body where there can be none (RFC 9110 8.6, RFC 9112 6.1) may well send it: it would be taken for the next response.
        var mayHaveMore = code == 204 && FramesBody(head, fields.Fields);
        response = new ResponseHead(code, Math.Max(0, reason.Length - 1), isHttp10, HopByHop.Options(head, fields.Fields), framing, mayHaveMore);
        return HeadStatus.Complete;
    }

    private static bool FramesBody(ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields)
    {
        foreach (ref readonly var field in fields)
        {
            if (field.Known == KnownHeader.TransferEncoding || (field.Known == KnownHeader.ContentLength && !field.Value(head).SequenceEqual("0"u8)))
                return true;
        }

        return false;
    }
}
