using System.Buffers;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Pico.Server.Admin.Metrics;
using Pico.Server.Hosting;
using Pico.Server.Observing;
using Pico.Server.Observing.Tracing;
using Pico.Server.Proxy.General.Upgrades;
using Pico.Server.Upstreams;
using Pico.Tunnel;

namespace Pico.Server.Proxy.General.Http1;

/// <summary>
/// Forwards a request to a service that speaks HTTP/1.1:
/// <code>
///   client ─1▶ head ─2▶ stream ─3▶ head, body ──────▶ service
///          ◀─────────────────── 5  body, trailers ─┐     │
///          ◀─────────────────── 4  head ◀──────────┴─────┘   (4 and 5 while 3 still sends)
///   6  the stream goes back to the idle ones, or is closed
/// </code>
/// </summary>
internal sealed class Http1Forwarder(UpstreamConnector connector, ServerMetrics metrics, ProxyOptions options, TimeProvider time)
{
    private const int UsualHead = 1024;

    /// <summary>Forwards <paramref name="context"/>; never throws.</summary>
    public async Task<ForwardResult> ForwardAsync(HttpContext context, EndpointUpstreams endpoint, RequestWatch? watch)
    {
        var upgrade = UpgradeRequest.Of(context);
        var framing = upgrade is null ? RequestFramings.Of(context) : RequestFraming.None;
        var head = new ArrayBufferWriter<byte>(UsualHead);
        if (!RequestHeadWriter.TryWrite(head, context, framing, upgrade, watch, out var parentAt)) // 1
            return new(ProxyError.BadRequest, "The request has something that HTTP/1.1 cannot say.");

        var client = upgrade is null ? null : ClientAddress(context);
        for (var reuse = upgrade is null; ; reuse = false)
        {
            var connected = await connector.ConnectAsync(endpoint, reuse, client, watch?.BeginUpstream(endpoint.EndpointId) ?? default, context.RequestAborted); // 2
            if (!connected.IsConnected)
                return new(connected.Error, connected.Detail);

            watch?.Connected(connected.Upstream, connected.IsReused);
            if (parentAt > 0) // written over in each try, before which nobody else has the bytes
                watch!.WriteParent(MemoryMarshal.AsMemory(head.WrittenMemory).Span.Slice(parentAt, TraceParent.Length));
            using var clock = new ExchangeClock(options, time, context.RequestAborted);
            var exchange = new Http1Exchange(context, connected.Stream, clock, watch, options.MaxResponseHeadSize);
            var result = await RunAsync(context, connected.Stream, exchange, clock, watch, head.WrittenMemory, framing, upgrade);
            // A stream that was opened in one client's name is not for others.
            if (exchange.KeepsStream && result.Error == ProxyError.None && upgrade is null) // 6
                connected.Upstream.Idle.Return(connected.Stream);
            else
                await connected.Stream.DisposeAsync();
            connected.Upstream.EndRequest();
            watch?.EndUpstream(result.Error);

            // An idle stream may turn out to be closed: nothing has answered, and the request may be sent twice.
            if (result.Error != ProxyError.UpstreamUnreachable || !connected.IsReused || exchange.HasBegun || !IsRepeatable(context, framing))
                return result with { HeadAt = clock.AnsweredAt };
            metrics.Retried();
        }
    }

    private static async Task<ForwardResult> RunAsync(
        HttpContext context, TunnelStream stream, Http1Exchange exchange, ExchangeClock clock, RequestWatch? watch, ReadOnlyMemory<byte> head, RequestFraming framing, UpgradeRequest? upgrade)
    {
        Task<bool>? sending = null;
        try
        {
            clock.BodyBegins();
            await stream.WriteAsync(head, clock.Token); // 3
            if (framing.HasBody())
                sending = RequestBodySender.SendAsync(context, stream, framing, clock, watch);
            else
                clock.RequestSent();

            var isAccepted = false;
            var result = await exchange.ReadHeadAsync(upgrade is null ? null : TakeUpgrade); // 4
            if (result.Error == ProxyError.None && !isAccepted && upgrade is { IsExtendedConnect: true } && exchange.Response.Status < StatusCodes.Status300MultipleChoices)
            {
                // To a client of extended CONNECT any 2xx says that the stream is open (RFC 8441 5).
                result = new(ProxyError.UpstreamProtocolError, "The service answered instead of switching protocols.");
            }

            if (result.Error == ProxyError.None)
            {
                result = isAccepted
                    ? await UpgradedStream.RunAsync(context, upgrade!, stream, clock, watch)
                    : await exchange.CopyBodyAsync(); // 5
            }

            return result;

            ForwardResult TakeUpgrade(in Wire.ResponseHead response, ReadOnlySpan<byte> bytes, ReadOnlySpan<Wire.HeaderField> fields)
            {
                if (!upgrade.IsAcceptedBy(response, bytes, fields))
                    return new(ProxyError.UpstreamProtocolError, "The service's 101 does not accept what was asked for.");
                UpgradedStream.Apply(context, upgrade, response, bytes, fields);
                ContextObservation.Answered(context, watch);
                isAccepted = true;
                return ForwardResult.Done;
            }
        }
        catch (Exception exception)
        {
            return Explain(exception, clock);
        }
        finally
        {
            // A response may end before the request's body does: then the rest is not sent, and spoils the stream.
            if (sending is not null)
            {
                clock.Stop();
                exchange.KeepsStream &= await sending;
            }
        }
    }

    private static ForwardResult Explain(Exception exception, ExchangeClock clock) => (clock.Reason, exception) switch
    {
        (ProxyError.None, StreamException) => new(ProxyError.UpstreamUnreachable, exception.Message),
        (ProxyError.None, InvalidOperationException) => new(ProxyError.UpstreamProtocolError, exception.Message),
        (ProxyError.None, _) => new(ProxyError.ClientGone, exception.Message),
        (var reason, _) => new(reason, "The client left, or something stood still for too long."),
    };

    private static bool IsRepeatable(HttpContext context, RequestFraming framing) =>
        !framing.HasBody() && context.Request.Method is "GET" or "HEAD" or "OPTIONS" or "TRACE" or "PUT" or "DELETE";

    private static IPEndPoint? ClientAddress(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, context.Connection.RemotePort) : null;
}
