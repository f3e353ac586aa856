using System.Buffers;
using System.IO.Pipelines;
using Pico.Server.Observing;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.Http1;

/// <summary>What is to be done after a piece of a response.</summary>
internal enum RelayStep : byte
{
    /// <summary>Nothing was written; more must come.</summary>
    More,

    /// <summary>Something was written and should be flushed; more must come.</summary>
    Flush,

    /// <summary>The response is written to its end; flush.</summary>
    Done,

    /// <summary>A 101 was written; flush, and from now on bytes pass both ways.</summary>
    Switched,

    /// <summary>The service closed before the response's end.</summary>
    CutShort,

    /// <summary>The response is not valid HTTP.</summary>
    Malformed,
}

/// <summary>
/// Passes one response from a service's bytes to a client's, piece by piece. No waiting in it: the connection reads, feeds and flushes.
/// Made once per connection.
/// </summary>
internal sealed class ResponseRelay(PipeWriter output, HeaderList fields, int maxHeadSize, RequestWatch watch)
{
    /// <summary>
    /// How much is taken at once. More would only fill the client's pipe beyond what it holds back at, and so the memory of a node whose
    /// clients do not read.
    /// </summary>
    public const int MaxPiece = 64 * 1024;

    private RequestTraits _request;
    private HeadScanner _scanner;
    private ResponseHead _head;
    private BodyScanner _body;
    private bool _inBody;
    private bool _toChunkless;

    /// <summary>The status of the final response; 0 until it was written.</summary>
    public int Status { get; private set; }

    /// <summary>True once the service has sent a byte.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>True once the final response's head was written.</summary>
    public bool IsFinal => Status != 0;

    /// <summary>How much of the final response's body was passed on, in bytes.</summary>
    public long BodyLength => IsFinal && _inBody ? _body.TakenLength : 0;

    /// <summary>True if a 100 (Continue) was passed on.</summary>
    public bool SaidContinue { get; private set; }

    /// <summary>After the end: the service's connection can carry another request.</summary>
    public bool ServiceKeepsAlive { get; private set; }

    /// <summary>After the end: the client's connection can carry another request.</summary>
    public bool ClientKeepsAlive { get; private set; }

    /// <summary>Begins with the response to a request.</summary>
    public void Begin(RequestTraits request)
    {
        Clear();
        _request = request;
        _scanner = default;
        _inBody = false;
    }

    /// <summary>Forgets the last response.</summary>
    public void Clear()
    {
        Status = 0;
        HasStarted = SaidContinue = ClientKeepsAlive = ServiceKeepsAlive = false;
    }

    /// <summary>
    /// Passes on what can be of <paramref name="buffer"/>, the unread bytes of the service, and says how many <paramref name="used"/>; if
    /// <paramref name="wantsMore"/>, the rest is of no use until more came. <paramref name="closeAsked"/>: the client's connection is to be closed
    /// after this response.
    /// </summary>
    public RelayStep Feed(ReadOnlySequence<byte> buffer, bool isCompleted, bool closeAsked, out long used, out bool wantsMore)
    {
        used = 0;
        wantsMore = true;
        HasStarted |= !buffer.IsEmpty;
        var wrote = false;
        while (!_inBody)
        {
            var status = _scanner.Scan(buffer.Slice(used), maxHeadSize, out var length);
            if (status == HeadStatus.Incomplete)
                return isCompleted ? RelayStep.CutShort : wrote ? RelayStep.Flush : RelayStep.More;
            if (status != HeadStatus.Complete || !TryTakeHead(buffer.Slice(used, length), closeAsked))
                return RelayStep.Malformed;

            used += length;
            wrote = true;
            if (_head.Status == 101)
                return RelayStep.Switched;
        }

        return FeedBody(buffer.Slice(used), isCompleted, ref used, out wantsMore) is var step && step == RelayStep.More && wrote ? RelayStep.Flush : step;
    }

    private bool TryTakeHead(ReadOnlySequence<byte> bytes, bool closeAsked)
    {
        if (bytes.IsSingleSegment)
            return TryTakeHead(bytes.FirstSpan, closeAsked);

        var copy = ArrayPool<byte>.Shared.Rent((int)bytes.Length);
        try
        {
            bytes.CopyTo(copy);
            return TryTakeHead(copy.AsSpan(0, (int)bytes.Length), closeAsked);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private bool TryTakeHead(ReadOnlySpan<byte> head, bool closeAsked)
    {
        if (ResponseHead.Parse(head, fields, _request.IsHead, out _head) != HeadStatus.Complete)
            return false;
        if (_head.IsInterim)
        {
            _scanner = default;
            if (_request.IsHttp10)
                return true; // RFC 9110 15.2: HTTP/1.0 knows no interim responses
            SaidContinue |= _head.Status == 100;
            ResponseHeadWriter.Write(output, _head, head, fields.Fields, chunked: false, ConnectionOptions.None);
            return true;
        }

        if (_head.Status == 101)
        {
            if (!_request.IsUpgrade)
                return false; // nobody asked
            ResponseHeadWriter.Write(output, _head, head, fields.Fields, chunked: false, ConnectionOptions.Upgrade);
            ServiceKeepsAlive = ClientKeepsAlive = false;
        }
        else
        {
            BeginBody(head, closeAsked);
        }

        Status = _head.Status;
        if (watch.HasBegun)
            RequestObservation.Answered(watch, _head, head, fields.Fields);
        return true;
    }

    private void BeginBody(ReadOnlySpan<byte> head, bool closeAsked)
    {
        _inBody = true;
        _body = new BodyScanner(_head.Framing);
        var kind = _head.Framing.Kind;
        _toChunkless = _request.IsHttp10 && kind == BodyKind.Chunked;
        ServiceKeepsAlive = _head.KeepsAlive;
        ClientKeepsAlive = _request.KeepsAlive && !closeAsked && kind != BodyKind.UntilClose && !_toChunkless;
        var connection = !ClientKeepsAlive ? ConnectionOptions.Close : _request.IsHttp10 ? ConnectionOptions.KeepAlive : ConnectionOptions.None;
        ResponseHeadWriter.Write(output, _head, head, fields.Fields, chunked: !_request.IsHttp10 && _head.Status != 204, connection);
    }

    private RelayStep FeedBody(ReadOnlySequence<byte> buffer, bool isCompleted, ref long used, out bool wantsMore)
    {
        var piece = buffer.Length > MaxPiece ? buffer.Slice(0, MaxPiece) : buffer;
        long taken = 0;
        var good = true;
        if (_toChunkless)
        {
            bool data;
            do
            {
                good = _body.TryTakeData(piece.Slice(taken), out var count, out var bytes);
                Write(bytes);
                taken += count;
                data = !bytes.IsEmpty;
            }
            while (good && data);
        }
        else if (!_body.IsComplete)
        {
            good = _body.TryTake(piece, out taken);
            Write(piece.Slice(0, taken));
        }

        used += taken;
        wantsMore = !_body.IsComplete && piece.Length == buffer.Length;
        if (!good)
            return RelayStep.Malformed;
        if (_body.IsComplete)
            return RelayStep.Done;
        if (isCompleted && wantsMore)
            return _body.Kind == BodyKind.UntilClose ? RelayStep.Done : RelayStep.CutShort;
        return taken > 0 ? RelayStep.Flush : RelayStep.More;
    }

    private void Write(in ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
            output.Write(segment.Span);
    }
}

/// <summary>What of a request decides how its response is passed on.</summary>
internal readonly record struct RequestTraits(bool IsHead, bool IsHttp10, bool KeepsAlive, bool IsUpgrade);
