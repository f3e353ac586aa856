using System.Net;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;

namespace Pico.Server.Observing.AccessLogs;

/// <summary>
/// What one entry of the access log says. Filled while the request is served, with bytes that are copied as they are (so many of each at the most); turned into
/// text by the log's writer, which then gives the entry back to be used again. One owner at a time.
/// </summary>
internal sealed class AccessEntry
{
    /// <summary>How much of a target is kept, in bytes.</summary>
    public const int MaxTarget = 4096;

    /// <summary>How much of anything else is kept, in bytes.</summary>
    public const int MaxValue = 512;

    private const int UsualSize = 512;
    private const int MaxKeptSize = 4096;
    private const int MaxHeaders = 64;

    private byte[] _bytes = new byte[UsualSize];
    private int _length;
    private (short Header, bool IsResponse, TextSlice Value)[] _headers = [];
    private int _headerCount;

    /// <summary>When it began.</summary>
    public DateTimeOffset Time { get; set; }

    /// <summary>The timestamp (<see cref="TimeProvider.GetTimestamp"/>) of the same.</summary>
    public long StartedAt { get; set; }

    /// <summary>The timestamp at which there was a stream to the service; 0 if there was none.</summary>
    public long ConnectedAt { get; set; }

    /// <summary>The timestamp at which the response's head had come; 0 if it did not.</summary>
    public long HeadAt { get; set; }

    /// <summary>The timestamp at which it ended.</summary>
    public long EndedAt { get; set; }

    public TextSlice Method { get; set; }

    public TextSlice Target { get; set; }

    public TextSlice Host { get; set; }

    public TextSlice UserAgent { get; set; }

    public TextSlice RequestId { get; set; }

    public TextSlice TraceId { get; set; }

    /// <summary>What the client spoke: <c>HTTP/1.1</c>, <c>TCP</c> …</summary>
    public string Protocol { get; set; } = "";

    /// <summary>The endpoint as the route table has it; empty if none was found.</summary>
    public string EndpointId { get; set; } = "";

    /// <summary>The upstream that was tried last, if any was found.</summary>
    public Upstream? Upstream { get; set; }

    /// <summary>The client: as trusted proxies name it, else the peer.</summary>
    public IPAddress? Client { get; set; }

    /// <summary>The response's status; 0 where there is none.</summary>
    public int Status { get; set; }

    public ProxyError Error { get; set; }

    /// <summary>Bytes of bodies, or of the stream, from the client and to it.</summary>
    public long BytesIn { get; set; }

    /// <inheritdoc cref="BytesIn"/>
    public long BytesOut { get; set; }

    /// <summary>How many streams it was sent on.</summary>
    public int Tries { get; set; }

    public bool IsUpgraded { get; set; }

    /// <summary>The headers that were kept.</summary>
    public ReadOnlySpan<(short Header, bool IsResponse, TextSlice Value)> Headers => _headers.AsSpan(0, _headerCount);

    /// <summary>Keeps <paramref name="text"/>, the first <paramref name="most"/> bytes of it.</summary>
    public TextSlice Keep(ReadOnlySpan<byte> text, int most = MaxValue)
    {
        if (text.Length > most)
            text = text[..most];
        if (text.Length > _bytes.Length - _length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + text.Length));
        text.CopyTo(_bytes.AsSpan(_length));
        var slice = new TextSlice(_length, text.Length);
        _length += text.Length;
        return slice;
    }

    /// <summary>Keeps a header's value; its name is <paramref name="header"/> of <see cref="LoggedHeaders"/>.</summary>
    public void KeepHeader(int header, bool isResponse, ReadOnlySpan<byte> value)
    {
        if (_headerCount == MaxHeaders)
            return;
        if (_headerCount == _headers.Length)
            Array.Resize(ref _headers, Math.Max(4, _headerCount * 2));
        _headers[_headerCount++] = ((short)header, isResponse, Keep(value));
    }

    /// <summary>The bytes of a slice.</summary>
    public ReadOnlySpan<byte> Text(TextSlice slice) => _bytes.AsSpan(slice.Start, slice.Length);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        if (_bytes.Length > MaxKeptSize)
            _bytes = new byte[UsualSize];
        _length = _headerCount = 0;
        Time = default;
        StartedAt = ConnectedAt = HeadAt = EndedAt = BytesIn = BytesOut = 0;
        Method = Target = Host = UserAgent = RequestId = TraceId = default;
        Protocol = EndpointId = "";
        Upstream = null;
        Client = null;
        Status = Tries = 0;
        Error = ProxyError.None;
        IsUpgraded = false;
    }
}

/// <summary>Where a text lies in an entry's bytes.</summary>
internal readonly record struct TextSlice(int Start, int Length)
{
    public bool IsEmpty => Length == 0;
}
