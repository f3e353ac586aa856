using System.Net;
using Pico.Server.Observing;
using Pico.Server.Observing.AccessLogs;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.Http1;

/// <summary>Who sends a connection's requests.</summary>
/// <param name="Peer">The other end of the connection.</param>
/// <param name="Proxies">The trusted proxies, if the peer is one: then the requests say who their client is.</param>
/// <param name="Hop">What the connection adds to the trail of proxies.</param>
internal sealed record IntakeClient(IPAddress? Peer, TrustedNetworks? Proxies, ForwardedHop Hop);

/// <summary>Shows a request's head, and its response's, to who watches it, while their bytes are there.</summary>
internal static class RequestObservation
{
    /// <summary>A request came. What it says of its client is taken as the trail takes it.</summary>
    public static void Begin(RequestWatch watch, RequestHead request, ReadOnlySpan<byte> head, in RequestTarget target, ForwardedTrail trail, IntakeClient client)
    {
        var facts = new RequestFacts
        {
            Method = request.MethodName(head),
            Target = target.Path,
            Host = target.IsAbsolute ? target.Authority : request.Host(head),
            Protocol = request.IsHttp10 ? "HTTP/1.0" : "HTTP/1.1",
            IsSecure = client.Hop.IsSecure,
            Client = client.Proxies is { } proxies ? FindClient(request, head, trail, proxies) ?? client.Peer : client.Peer,
        };
        foreach (ref readonly var field in request.Fields)
        {
            if (field.Known == KnownHeader.Other)
                facts.Take(field.Name(head), field.Value(head));
        }

        watch.Begin(facts);
        if (watch.RequestHeaders is { IsEmpty: false } wanted)
            Keep(watch, wanted, isResponse: false, head, request.Fields);
    }

    /// <summary>The head of the final response came.</summary>
    public static void Answered(RequestWatch watch, in ResponseHead response, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields)
    {
        watch.Answered(response.Status);
        if (watch.ResponseHeaders is { IsEmpty: false } wanted)
            Keep(watch, wanted, isResponse: true, head, fields);
    }

    private static void Keep(RequestWatch watch, LoggedHeaders wanted, bool isResponse, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields)
    {
        foreach (ref readonly var field in fields)
        {
            if (wanted.Find(field.Name(head)) is >= 0 and var header)
                watch.KeepHeader(header, isResponse, field.Value(head));
        }
    }

    private static IPAddress? FindClient(RequestHead request, ReadOnlySpan<byte> head, ForwardedTrail trail, TrustedNetworks proxies)
    {
        trail.Reset();
        foreach (ref readonly var field in request.Fields)
        {
            if (field.Known is KnownHeader.Forwarded or KnownHeader.XForwardedFor)
                trail.TryTake(field.Name(head), field.Value(head));
        }

        return trail.FindClient(proxies);
    }
}
