using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Limits;
using Pico.Server.Observing;
using Pico.Server.Observing.AccessLogs;
using Pico.Server.Proxy.Forwarded;

namespace Pico.Server.Proxy.General;

/// <summary>Shows a request that Kestrel has parsed, and its response, to who watches it.</summary>
internal static class ContextObservation
{
    /// <summary>Follows the request of <paramref name="context"/>; null if nobody wants to know of it.</summary>
    public static RequestWatch? Begin(HttpContext context, RequestObserver observer)
    {
        if (!observer.IsOn)
            return null;
        var watch = new RequestWatch(observer);
        var request = context.Request;
        var facts = new RequestFacts
        {
            Method = Bytes(request.Method),
            Target = Bytes(OriginTarget.TryGet(context, out var target) ? target : context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget),
            Host = Bytes(request.Headers.Host.ToString()),
            Protocol = HttpProtocol.IsHttp2(request.Protocol) ? "HTTP/2" : request.Protocol,
            IsSecure = context.Features.Get<ForwardedHop>()?.IsSecure ?? false,
            Client = (context.Features.Get<ConnectionClient>()?.Proxies is { } proxies ? FindClient(context, proxies) : null) ?? context.Connection.RemoteIpAddress,
        };
        foreach (var (name, values) in request.Headers)
        {
            if (name.Length is < 10 or > 12)
                continue;
            foreach (var value in values)
                facts.Take(Bytes(name), Bytes(value));
        }

        watch.Begin(facts);
        if (watch.RequestHeaders is { IsEmpty: false } wanted)
            Keep(watch, wanted, isResponse: false, request.Headers);
        return watch;
    }

    /// <summary>The response's head has come, and is in <paramref name="context"/>.</summary>
    public static void Answered(HttpContext context, RequestWatch? watch)
    {
        watch?.Answered(context.Response.StatusCode);
        if (watch?.ResponseHeaders is { IsEmpty: false } wanted)
            Keep(watch, wanted, isResponse: true, context.Response.Headers);
    }

    /// <summary>The client that a trusted proxy names; null if it names none.</summary>
    public static IPAddress? FindClient(HttpContext context, TrustedNetworks proxies)
    {
        var headers = context.Request.Headers;
        return ForwardedClient.Find(
            Bytes(headers[ForwardedHeaderNames.Name(ForwardedHeader.For)].ToString()),
            Bytes(headers[ForwardedHeaderNames.Name(ForwardedHeader.Forwarded)].ToString()),
            proxies);
    }

    private static void Keep(RequestWatch watch, LoggedHeaders wanted, bool isResponse, IHeaderDictionary headers)
    {
        foreach (var (name, values) in headers)
        {
            if (wanted.Find(Bytes(name)) is not (>= 0 and var header))
                continue;
            foreach (var value in values)
                watch.KeepHeader(header, isResponse, Bytes(value));
        }
    }

    private static byte[] Bytes(string? text) => Encoding.Latin1.GetBytes(text ?? "");
}
