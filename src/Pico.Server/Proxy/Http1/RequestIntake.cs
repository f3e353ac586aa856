using System.Buffers;
using System.Net;
using System.Text;
using Pico.Server.Auth;
using Pico.Server.Observing;
using Pico.Server.Proxy.Access;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.Http1Upstream;
using Pico.Server.Proxy.Routing;
using Pico.Server.Proxy.Wire;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;

namespace Pico.Server.Proxy.Http1;

/// <summary>What is to be done with a request.</summary>
internal enum IntakeStep : byte
{
    /// <summary>Its head is not there completely.</summary>
    More,

    /// <summary><see cref="RequestIntake.Credential"/> is to be verified, and what came of it told by <see cref="RequestIntake.Token"/>; nothing was consumed.</summary>
    Verify,

    /// <summary>Send it to its endpoint.</summary>
    Relay,

    /// <summary>Answer it with <see cref="RequestIntake.Error"/>.</summary>
    Refuse,

    /// <summary>It is for the general path; nothing of it was consumed.</summary>
    HandOver,

    /// <summary>There is none, and none will come.</summary>
    Close,
}

/// <summary>
/// Takes requests off a client's bytes: finds the head, judges it, asks for the client's token, finds the endpoint, and writes the head that the service gets, with as much of
/// the body as fits behind it. No waiting in it. Made once per connection.
/// </summary>
internal sealed class RequestIntake(ClientAccess access, EndpointFinder endpoints, ForwardedTrail trail, HeaderList fields, int maxHeadSize, RequestWatch watch, IntakeClient client)
{
    private const int RoomForForwarded = 512;

    private HeadScanner _scanner;

    /// <summary>The request.</summary>
    public RequestHead Request { get; } = new(fields);

    /// <summary>What the service is sent first.</summary>
    public HeadBuffer Head { get; } = new();

    /// <summary>Where the service's <c>traceparent</c> stands in <see cref="Head"/>; 0 if it gets none of ours.</summary>
    public int ParentAt { get; private set; }

    /// <summary>Where the body is. Where a malformed request ends is not known: what follows it is a body without end.</summary>
    public BodyScanner Body;

    /// <summary>True once the body is known to be larger than allowed.</summary>
    public bool IsBodyTooLarge => access.Limits.MaxBodySize is { } most && Body.DataLength > most;

    /// <summary>The endpoint, if the request's is registered.</summary>
    public EndpointUpstreams? Endpoint { get; private set; }

    /// <summary>What became of the client's token; neither valid nor refused if none is asked for, or if it is to be verified yet.</summary>
    public TokenResult Token { get; set; }

    /// <summary>The credential that is to be verified.</summary>
    public string Credential { get; private set; } = "";

    /// <summary>Why the request is refused.</summary>
    public ProxyError Error { get; private set; }

    /// <summary>True if the request's head could be read: what follows its body can be another request.</summary>
    public bool IsWellFormed { get; private set; }

    /// <summary>True once a byte of the head came.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>True while all of the request that was taken is in <see cref="Head"/>, and may be sent again.</summary>
    public bool IsRepeatable { get; private set; }

    /// <summary>Whom the request came from, by what the trusted proxies before this one say; null if they don't.</summary>
    public IPAddress? FindClient(TrustedNetworks proxies) => trail.FindClient(proxies);

    /// <summary>Begins with the next request.</summary>
    public void Begin()
    {
        _scanner = default;
        Endpoint = null;
        Token = default;
        Error = ProxyError.None;
        HasBegun = IsWellFormed = IsRepeatable = false;
        Body = default;
    }

    /// <summary>
    /// Looks at the client's unread bytes. <paramref name="consumed"/> and <paramref name="examined"/> are counted from the buffer's beginning.
    /// </summary>
    public IntakeStep Take(in ReadOnlySequence<byte> buffer, out long consumed, out long examined)
    {
        var skipped = HasBegun ? 0 : EmptyLines(buffer);
        var rest = buffer.Slice(skipped);
        if (!HasBegun && rest.Length == 1 && rest.FirstSpan is [(byte)'\r'])
            rest = rest.Slice(1); // half of an empty line
        HasBegun |= !rest.IsEmpty;
        consumed = skipped;
        examined = buffer.Length;
        switch (_scanner.Scan(rest, maxHeadSize, out var length))
        {
            case HeadStatus.Incomplete:
                return IntakeStep.More;
            case HeadStatus.TooLarge:
                return RefuseUnread(ProxyError.HeadTooLarge, moreComes: true);
            case HeadStatus.Malformed:
                return RefuseUnread(ProxyError.BadRequest, moreComes: false);
        }

        var step = TakeHead(rest.Slice(0, length));
        if (step is IntakeStep.HandOver or IntakeStep.Verify)
        {
            // Less than the head, so that the next read may examine up to its end; not all of what is there, so that it returns at once.
            consumed = skipped;
            examined = skipped + length - 1;
            _scanner = default;
            return step;
        }

        if (!IsWellFormed)
            return RefuseUnread(Error, moreComes: rest.Length > length);

        consumed = skipped + length;
        step = TakeBody(rest.Slice(length), step, ref consumed);
        examined = consumed;
        return step;
    }

    /// <summary>Refuses what is no request. <paramref name="moreComes"/>: the client is probably still sending.</summary>
    public IntakeStep RefuseUnread(ProxyError error, bool moreComes)
    {
        IsWellFormed = false;
        Body = new BodyScanner(new BodyFraming(moreComes ? BodyKind.UntilClose : BodyKind.None));
        return Refuse(error);
    }

    private IntakeStep Refuse(ProxyError error)
    {
        Error = error;
        return IntakeStep.Refuse;
    }

    /// <summary>Empty lines before a request line are let pass, as RFC 9112 2.2 recommends: some clients send one behind a body.</summary>
    private static long EmptyLines(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.FirstSpan.IsEmpty || buffer.FirstSpan[0] != '\r')
            return 0;
        var reader = new SequenceReader<byte>(buffer);
        while (reader.IsNext("\r\n"u8, advancePast: true))
        {
        }

        return reader.Consumed;
    }

    private IntakeStep TakeHead(in ReadOnlySequence<byte> head)
    {
        if (head.IsSingleSegment)
            return TakeHead(head.First);

        var copy = ArrayPool<byte>.Shared.Rent((int)head.Length);
        try
        {
            head.CopyTo(copy);
            return TakeHead(copy.AsMemory(0, (int)head.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private IntakeStep TakeHead(ReadOnlyMemory<byte> memory)
    {
        var head = memory.Span;
        var status = Request.Parse(memory);
        if (status != HeadStatus.Complete)
            return Refuse(status == HeadStatus.TooLarge ? ProxyError.HeadTooLarge : ProxyError.BadRequest);
        if (Request.Method == HttpMethod.Connect || !RequestTarget.TryParse(Request.Target(head), Request.Method == HttpMethod.Options, out var target))
            return Refuse(ProxyError.BadRequest);

        IsWellFormed = true;
        Body = new BodyScanner(Request.Framing);
        var step = Judge(head, target);
        if (step is IntakeStep.Relay or IntakeStep.Refuse && watch.IsWanted)
            RequestObservation.Begin(watch, Request, head, target, trail, client);
        if (step == IntakeStep.Relay)
        {
            Head.Begin(head.Length + RoomForForwarded);
            ParentAt = RequestHeadWriter.Write(Head, Request, head, target, trail, watch);
        }

        return step;
    }

    private IntakeStep Judge(ReadOnlySpan<byte> head, in RequestTarget target)
    {
        if (IsBodyTooLarge)
            return Refuse(ProxyError.BodyTooLarge);
        if (target.Path.StartsWith("/pico/v1/"u8))
            return IntakeStep.HandOver;

        if (access.IsEnabled && !TryAdmit(head))
            return IntakeStep.Verify;
        var error = access.IsEnabled ? ClientAccess.ErrorOf(Token) : ProxyError.None;
        if (error == ProxyError.None)
            error = FindEndpoint(head, target.IsAbsolute ? target.Authority : Request.Host(head));
        if (error != ProxyError.None)
            return Refuse(error);
        if (Endpoint!.Protocol == EndpointProtocol.H2C)
            return IntakeStep.HandOver;
        if (Endpoint.Protocol != EndpointProtocol.Http)
            return Refuse(ProxyError.ProtocolMismatch);
        return IntakeStep.Relay;
    }

    /// <summary>Judges the client's token; false if it is to be verified first.</summary>
    private bool TryAdmit(ReadOnlySpan<byte> head)
    {
        var credential = default(ClientCredential);
        foreach (ref readonly var field in Request.Fields)
        {
            if (field.Known is KnownHeader.Authorization or KnownHeader.PicoAuthorization)
                credential.Take(field.Known, field.Value(head));
        }

        Request.HidesAuthorization = credential.IsInAuthorization;
        if (Token.IsJudged)
            return true;
        if (access.TryJudge(credential, out var token))
        {
            Token = token;
            return true;
        }

        Credential = Encoding.Latin1.GetString(credential.Value);
        return false;
    }

    private ProxyError FindEndpoint(ReadOnlySpan<byte> head, ReadOnlySpan<byte> host)
    {
        EndpointName name = default;
        foreach (ref readonly var field in Request.Fields)
        {
            if (field.Known != KnownHeader.PicoEndpoint)
                continue;
            var error = EndpointResolver.TakeHeader(field.Value(head), ref name);
            if (error != ProxyError.None)
                return error;
        }

        var found = endpoints.Find(ref name, host, Token.Token ?? VerifiedToken.Anonymous, out var endpoint);
        Endpoint = endpoint;
        return found;
    }

    private IntakeStep TakeBody(ReadOnlySequence<byte> rest, IntakeStep step, ref long consumed)
    {
        if (!Body.IsComplete && !rest.IsEmpty)
        {
            var relayed = step == IntakeStep.Relay;
            if (relayed && rest.Length > Head.Free)
                rest = rest.Slice(0, Head.Free);
            var good = Body.TryTake(rest, out var used);
            if (relayed)
            {
                foreach (var segment in rest.Slice(0, used))
                    Head.Write(segment.Span);
            }

            consumed += used;
            if (!good)
                return RefuseUnread(ProxyError.BadRequest, moreComes: true);
            if (relayed && IsBodyTooLarge)
                return Refuse(ProxyError.BodyTooLarge);
        }

        IsRepeatable = step == IntakeStep.Relay && Body.IsComplete && Request.IsIdempotent;
        return step;
    }
}
