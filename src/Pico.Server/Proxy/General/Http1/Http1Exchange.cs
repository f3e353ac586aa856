using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Pico.Server.Observing;
using Pico.Server.Proxy.Wire;
using Pico.Tunnel;

namespace Pico.Server.Proxy.General.Http1;

/// <summary>
/// Reads the response of one request from a stream and passes it on. Trusts nothing: what is not valid HTTP/1.1 ends as
/// <see cref="ProxyError.UpstreamProtocolError"/>, what ends early as <see cref="ProxyError.UpstreamUnreachable"/>.
/// </summary>
internal sealed class Http1Exchange(HttpContext context, TunnelStream stream, ExchangeClock clock, RequestWatch? watch, int maxHeadSize)
{
    private const int MaxPiece = 64 * 1024;

    private readonly PipeReader _input = stream.Input;
    private readonly HeaderList _fields = new();

    /// <summary>True once a byte of the response has come.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The response's head, once it has come.</summary>
    public ResponseHead Response { get; private set; }

    /// <summary>True if the response was read to its end and the stream may carry another request.</summary>
    public bool KeepsStream { get; set; }

    /// <summary>
    /// Reads the head, dropping interim ones, and makes it the client's response, unless <paramref name="take"/> takes it (an accepted upgrade).
    /// </summary>
    public async ValueTask<ForwardResult> ReadHeadAsync(ResponseHeadTaker? take)
    {
        var scanner = default(HeadScanner);
        while (true)
        {
            var result = await _input.ReadAsync(clock.Token);
            var buffer = result.Buffer;
            HasBegun |= !buffer.IsEmpty;
            switch (scanner.Scan(buffer, maxHeadSize, out var length))
            {
                case HeadStatus.Complete when Parse(buffer.Slice(0, length), take) is var error:
                    _input.AdvanceTo(buffer.GetPosition(length));
                    if (error.Error != ProxyError.None || !Response.IsInterim)
                        return error;
                    scanner = default;
                    break;
                case HeadStatus.Incomplete when !result.IsCompleted:
                    _input.AdvanceTo(buffer.Start, buffer.End);
                    break;
                case HeadStatus.Incomplete:
                    return new(ProxyError.UpstreamUnreachable, "The service closed the connection before its response's head was complete.");
                case HeadStatus.TooLarge:
                    return new(ProxyError.UpstreamProtocolError, $"The response's head has more than {maxHeadSize} bytes.");
                default:
                    return new(ProxyError.UpstreamProtocolError, "The response's head is malformed.");
            }
        }
    }

    /// <summary>Passes the body on, piece by piece, and the trailers.</summary>
    public async ValueTask<ForwardResult> CopyBodyAsync()
    {
        var framing = Response.Framing;
        if (framing.Kind == BodyKind.None)
        {
            KeepsStream = Response.KeepsAlive;
            return ForwardResult.Done;
        }

        // A head whose body is yet to come is news already.
        if (!HasUnread())
            await context.Response.BodyWriter.FlushAsync(clock.Token);
        return framing.Kind switch
        {
            BodyKind.Chunked => await CopyChunksAsync(),
            BodyKind.Length => await CopyLengthAsync(framing.Length),
            _ => await CopyLengthAsync(long.MaxValue),
        };
    }

    private ForwardResult Parse(in ReadOnlySequence<byte> bytes, ResponseHeadTaker? take)
    {
        var head = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        if (ResponseHead.Parse(head, _fields, HttpMethods.IsHead(context.Request.Method), out var response) != HeadStatus.Complete)
            return new(ProxyError.UpstreamProtocolError, "The response's head is malformed.");

        Response = response;
        if (response.IsInterim)
            return ForwardResult.Done;
        clock.Answered();
        if (take is not null && response.Status == (int)System.Net.HttpStatusCode.SwitchingProtocols)
            return take(response, head, _fields.Fields);
        if (response.Status < StatusCodes.Status200OK)
            return new(ProxyError.UpstreamProtocolError, "The service switched protocols unasked.");

        ResponseApplier.Apply(context, response, head, _fields.Fields);
        ContextObservation.Answered(context, watch);
        return ForwardResult.Done;
    }

    private bool HasUnread()
    {
        if (!_input.TryRead(out var result))
            return false;
        _input.AdvanceTo(result.Buffer.Start);
        return !result.Buffer.IsEmpty;
    }

    private async ValueTask<ForwardResult> CopyLengthAsync(long length)
    {
        var untilClose = length == long.MaxValue;
        while (length > 0)
        {
            var result = await _input.ReadAsync(clock.Token);
            var piece = result.Buffer.Slice(0, Math.Min(length, result.Buffer.Length));
            if (!piece.IsEmpty && !await WriteAsync(piece))
                return new(ProxyError.ClientGone);

            length -= untilClose ? 0 : piece.Length;
            _input.AdvanceTo(piece.End);
            if (result.IsCompleted && length > 0)
                return untilClose ? ForwardResult.Done : CutShort();
        }

        KeepsStream = Response.KeepsAlive;
        return ForwardResult.Done;
    }

    private async ValueTask<ForwardResult> CopyChunksAsync()
    {
        var scanner = default(ChunkedScanner);
        while (true)
        {
            var result = await _input.ReadAsync(clock.Token);
            var rest = result.Buffer;
            while (true)
            {
                var status = scanner.ReadData(rest, out var used, out var data);
                if (status == ChunkedStatus.Malformed)
                    return new(ProxyError.UpstreamProtocolError, "The response's chunks are malformed.");
                if (status == ChunkedStatus.Complete)
                    return CompleteChunks(rest.Slice(0, used), scanner.TrailerLength);
                if (!data.IsEmpty && !await WriteAsync(data))
                    return new(ProxyError.ClientGone);

                rest = rest.Slice(used);
                if (data.IsEmpty)
                    break;
            }

            _input.AdvanceTo(rest.Start, rest.End);
            if (result.IsCompleted)
                return CutShort();
        }
    }

    private ForwardResult CompleteChunks(in ReadOnlySequence<byte> last, int trailerLength)
    {
        if (trailerLength > 2)
        {
            var section = last.Slice(last.Length - trailerLength);
            ResponseApplier.ApplyTrailers(context, section.IsSingleSegment ? section.FirstSpan : section.ToArray(), _fields);
        }

        _input.AdvanceTo(last.End);
        KeepsStream = Response.KeepsAlive;
        return ForwardResult.Done;
    }

    /// <summary>
    /// Writes and flushes a piece, never much at once, so that what a client does not take stays in the stream, where it is accounted for; false if
    /// the client reads no more.
    /// </summary>
    private async ValueTask<bool> WriteAsync(ReadOnlySequence<byte> piece)
    {
        var output = context.Response.BodyWriter;
        while (true)
        {
            var part = piece.Slice(0, Math.Min(piece.Length, MaxPiece));
            foreach (var segment in part)
                output.Write(segment.Span);
            var flushed = await output.FlushAsync(clock.Token);
            clock.Touch();
            watch?.AddOut(part.Length);
            if (flushed.IsCompleted || flushed.IsCanceled)
                return false;
            piece = piece.Slice(part.Length);
            if (piece.IsEmpty)
                return true;
        }
    }

    private static ForwardResult CutShort() => new(ProxyError.UpstreamUnreachable, "The service closed the connection before its response's end.");
}

/// <summary>Takes a 101 response's head; its bytes are gone afterwards.</summary>
internal delegate ForwardResult ResponseHeadTaker(in ResponseHead response, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields);
