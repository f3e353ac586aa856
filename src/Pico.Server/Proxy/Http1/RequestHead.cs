using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;
using Pico.Server.Proxy.Wire;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;

namespace Pico.Server.Proxy.Http1;

/// <summary>
/// The head of a request: Kestrel's parser finds its parts, which are kept as positions in its bytes; then it is judged more strictly than Kestrel
/// would, since what is refused here cannot be read differently by a service. Made once per connection.
/// </summary>
internal sealed class RequestHead(HeaderList fields)
{
    private static readonly HttpParser<Handler> Parser = new(showErrorDetails: false);

    private ReadOnlyMemory<byte> _head; // while parsing
    private HeadStatus _status;         // while parsing
    private int _methodLength;
    private int _targetStart;
    private int _targetLength;
    private int _hostIndex;

    /// <summary>The fields.</summary>
    public ReadOnlySpan<HeaderField> Fields => fields.Fields;

    /// <summary>The method, as far as it is known.</summary>
    public HttpMethod Method { get; private set; }

    /// <summary>True for HTTP/1.0.</summary>
    public bool IsHttp10 { get; private set; }

    /// <summary>How the body ends.</summary>
    public BodyFraming Framing { get; private set; }

    /// <summary>What the Connection fields say.</summary>
    public ConnectionOptions Connection { get; private set; }

    /// <summary>The client asks for another protocol on this connection, and may get it: the Upgrade field is passed on.</summary>
    public bool IsUpgrade { get; private set; }

    /// <summary>The client takes trailers (<c>TE: trailers</c>).</summary>
    public bool TakesTrailers { get; private set; }

    /// <summary>The client waits for 100 (Continue) before it sends the body.</summary>
    public bool ExpectsContinue { get; private set; }

    /// <summary>Authorization was for Pico: the service does not get it.</summary>
    public bool HidesAuthorization { get; set; }

    /// <summary>True if the client's connection may carry another request (RFC 9112 9.3).</summary>
    public bool KeepsAlive => IsHttp10
        ? (Connection & (ConnectionOptions.KeepAlive | ConnectionOptions.Close)) == ConnectionOptions.KeepAlive
        : (Connection & ConnectionOptions.Close) == 0;

    /// <summary>True if doing it twice is the same as doing it once (RFC 9110 9.2.2).</summary>
    public bool IsIdempotent =>
        Method is HttpMethod.Get or HttpMethod.Head or HttpMethod.Put or HttpMethod.Delete or HttpMethod.Options or HttpMethod.Trace;

    /// <summary>The method as it was received.</summary>
    public ReadOnlySpan<byte> MethodName(ReadOnlySpan<byte> head) => head[.._methodLength];

    /// <summary>The target as it was received.</summary>
    public ReadOnlySpan<byte> Target(ReadOnlySpan<byte> head) => head.Slice(_targetStart, _targetLength);

    /// <summary>The value of Host; empty if there is none (HTTP/1.0).</summary>
    public ReadOnlySpan<byte> Host(ReadOnlySpan<byte> head) => _hostIndex < 0 ? default : Fields[_hostIndex].Value(head);

    /// <summary>
    /// Parses <paramref name="head"/>, a complete head that <see cref="HeadScanner"/> found. <see cref="HeadStatus.Malformed"/> is to be answered with 400.
    /// </summary>
    public HeadStatus Parse(ReadOnlyMemory<byte> head)
    {
        fields.Clear();
        _head = head;
        _status = HeadStatus.Malformed;
        try
        {
            var reader = new SequenceReader<byte>(new ReadOnlySequence<byte>(head));
            if (!Parser.ParseRequestLine(new Handler(this), ref reader) || _status != HeadStatus.Complete
                || !Parser.ParseHeaders(new Handler(this), ref reader) || !reader.End)
            {
                return _status == HeadStatus.TooLarge ? HeadStatus.TooLarge : HeadStatus.Malformed;
            }
        }
        catch (BadHttpRequestException)
        {
            return HeadStatus.Malformed;
        }
        finally
        {
            _head = default;
        }

        return _status == HeadStatus.Complete ? Judge(head.Span) : _status;
    }

    private HeadStatus Judge(ReadOnlySpan<byte> head)
    {
        // One space on either side of the target, nothing else (RFC 9112 3): Kestrel's parser is more lenient.
        if (_targetStart != _methodLength + 1 || head.IndexOf((byte)'\n') != _targetStart + _targetLength + " HTTP/1.1\r".Length)
            return HeadStatus.Malformed;

        _hostIndex = -1;
        TakesTrailers = ExpectsContinue = HidesAuthorization = false;
        var upgrades = 0;
        var upgradable = true;
        for (var i = 0; i < Fields.Length; i++)
        {
            ref readonly var field = ref Fields[i];
            switch (field.Known)
            {
                case KnownHeader.Host when _hostIndex >= 0 || !HostField.IsValid(field.Value(head)):
                    return HeadStatus.Malformed;
                case KnownHeader.Host:
                    _hostIndex = i;
                    break;
                case KnownHeader.Te:
                    TakesTrailers |= HopByHop.Lists(field.Value(head), "trailers"u8);
                    break;
                case KnownHeader.Expect:
                    ExpectsContinue = !IsHttp10;
                    break;
                case KnownHeader.Upgrade:
                    upgrades++;
                    upgradable &= HopByHop.IsUpgradable(field.Value(head));
                    break;
            }
        }

        if ((_hostIndex < 0 && !IsHttp10) || !Wire.Framing.TryGetForRequest(head, Fields, IsHttp10, out var framing))
            return HeadStatus.Malformed;

        Framing = framing;
        Connection = HopByHop.Options(head, Fields);
        IsUpgrade = upgrades == 1 && upgradable && !IsHttp10 && framing.Kind == BodyKind.None && (Connection & ConnectionOptions.Upgrade) != 0;
        return HeadStatus.Complete;
    }

    private void OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength path, ReadOnlySpan<byte> line)
    {
        Method = versionAndMethod.Method;
        IsHttp10 = versionAndMethod.Version == HttpVersion.Http10;
        _methodLength = versionAndMethod.MethodEnd;
        _targetStart = path.Offset;
        _targetLength = line.Length - path.Offset;
        _status = HttpChars.IsToken(line[.._methodLength]) ? HeadStatus.Complete : HeadStatus.Malformed;
    }

    private void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (_status != HeadStatus.Complete)
            return;
        var head = _head.Span;
        head.Overlaps(name, out var nameStart);
        var valueStart = nameStart + name.Length + 1;
        if (!value.IsEmpty)
            head.Overlaps(value, out valueStart);
        _status = fields.Add(name, nameStart, value, valueStart);
    }

    private readonly struct Handler(RequestHead head) : IHttpRequestLineHandler, IHttpHeadersHandler
    {
        public void OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine) =>
            head.OnStartLine(versionAndMethod, targetPath, startLine);

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => head.OnHeader(name, value);

        public void OnHeadersComplete(bool endStream)
        {
            // That all lines were taken is seen from the reader's position.
        }

        public void OnStaticIndexedHeader(int index) => throw NotHttp1();

        public void OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value) => throw NotHttp1();

        private static InvalidOperationException NotHttp1() => new("HTTP/1.1 has no indexed headers.");
    }
}
