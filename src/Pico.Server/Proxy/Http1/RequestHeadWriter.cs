using Pico.Server.Observing;
using Pico.Server.Observing.Tracing;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.Http1Upstream;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.Http1;

/// <summary>Writes the head of a request to a service from the head that the client sent: what passes, passes byte by byte and in its order.</summary>
internal static class RequestHeadWriter
{
    /// <summary>
    /// Writes it to <paramref name="output"/>. <paramref name="target"/> is the request's target taken apart, <paramref name="trail"/> takes and
    /// adds what says where the request came from. If <paramref name="watch"/> traces the request, room is left for the service's <c>traceparent</c>: where it
    /// begins is the result; else 0.
    /// </summary>
    public static int Write(HeadBuffer output, RequestHead request, ReadOnlySpan<byte> head, in RequestTarget target, ForwardedTrail trail, RequestWatch watch)
    {
        output.Write(request.MethodName(head));
        output.Write(" "u8);
        WriteTarget(output, request, head, target);
        output.Write(" HTTP/1.1\r\n"u8);

        var host = target.IsAbsolute ? target.Authority : request.Host(head);
        if (LacksHost(request, head))
            WriteHost(output, host);

        trail.Reset();
        WriteFields(output, request, head, target, trail, watch);
        trail.WriteTo(output, host);
        if (request.IsUpgrade)
            output.Write(request.TakesTrailers ? "Connection: Upgrade, TE\r\nTE: trailers\r\n"u8 : "Connection: Upgrade\r\n"u8);
        else if (request.TakesTrailers)
            output.Write("Connection: TE\r\nTE: trailers\r\n"u8);
        var parentAt = watch.ReplacesParent ? WriteParent(output) : 0;
        output.Write("\r\n"u8);
        return parentAt;
    }

    private static int WriteParent(HeadBuffer output)
    {
        output.Write("traceparent: "u8);
        var start = output.Written.Length;
        output.GetSpan(TraceParent.Length)[..TraceParent.Length].Fill((byte)'0');
        output.Advance(TraceParent.Length);
        output.Write("\r\n"u8);
        return start;
    }

    private static void WriteTarget(HeadBuffer output, RequestHead request, ReadOnlySpan<byte> head, in RequestTarget target)
    {
        if (!target.IsAbsolute)
            output.Write(request.Target(head));
        else if (target.Path.IsEmpty)
            output.Write(request.Method == Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod.Options ? "*"u8 : "/"u8); // RFC 9112 3.2.4
        else
        {
            if (target.Path[0] != '/')
                output.Write("/"u8);
            output.Write(target.Path);
        }
    }

    private static void WriteFields(HeadBuffer output, RequestHead request, ReadOnlySpan<byte> head, in RequestTarget target, ForwardedTrail trail, RequestWatch watch)
    {
        // Fields that pass follow each other as they came, so most heads are one or two copies.
        var runStart = -1;
        var runEnd = -1;
        foreach (ref readonly var field in request.Fields)
        {
            if (Passes(field, request, head, target, trail) && !(watch.ReplacesParent && IsReplaced(field, head, watch)))
            {
                if (runStart < 0)
                    runStart = field.Start;
                runEnd = field.End(head);
                continue;
            }

            if (runStart >= 0)
                output.Write(head[runStart..runEnd]);
            runStart = -1;
            WriteInstead(output, field, request, head, target);
        }

        if (runStart >= 0)
            output.Write(head[runStart..runEnd]);
    }

    private static bool IsReplaced(in HeaderField field, ReadOnlySpan<byte> head, RequestWatch watch) =>
        field.Known == KnownHeader.Other && watch.Replaces(field.Name(head));

    private static bool Passes(in HeaderField field, RequestHead request, ReadOnlySpan<byte> head, in RequestTarget target, ForwardedTrail trail) => field.Known switch
    {
        KnownHeader.ContentLength => true,
        KnownHeader.Host => !target.IsAbsolute && !LacksHost(request, head),
        KnownHeader.Other when (request.Connection & ConnectionOptions.NamesFields) == 0 => true,
        KnownHeader.Authorization => !request.HidesAuthorization,
        KnownHeader.ForwardedLookalike => false,
        KnownHeader.Forwarded or KnownHeader.XForwardedFor or KnownHeader.XForwardedHost or KnownHeader.XForwardedProto or KnownHeader.XForwardedOther =>
            !trail.TryTake(field.Name(head), field.Value(head)),
        _ => !HopByHop.IsDropped(field, request.Connection, head, request.Fields),
    };

    private static void WriteInstead(HeadBuffer output, in HeaderField field, RequestHead request, ReadOnlySpan<byte> head, in RequestTarget target)
    {
        if (field.Known == KnownHeader.TransferEncoding)
            output.Write("Transfer-Encoding: chunked\r\n"u8);
        else if (field.Known == KnownHeader.Upgrade && request.IsUpgrade)
            output.Write(head[field.Start..field.End(head)]);
        else if (field.Known == KnownHeader.Host && target.IsAbsolute && !LacksHost(request, head))
            WriteHost(output, target.Authority);
    }

    /// <summary>HTTP/1.0 needs no Host, the HTTP/1.1 that is spoken with the service does: it is then written first.</summary>
    private static bool LacksHost(RequestHead request, ReadOnlySpan<byte> head) => request.IsHttp10 && request.Host(head).IsEmpty;

    private static void WriteHost(HeadBuffer output, ReadOnlySpan<byte> host)
    {
        output.Write("Host: "u8);
        output.Write(host);
        output.Write("\r\n"u8);
    }
}
