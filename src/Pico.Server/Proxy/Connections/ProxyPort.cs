using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;
using Pico.Server.Proxy.Connections.ProxyProtocol;

namespace Pico.Server.Proxy.Connections;

/// <summary>
/// How the proxy port is joined together. What a connection passes, in order:
/// <code>
///   socket ─▶ PROXY protocol (if switched on) ─▶ TLS (if there is a certificate) ─▶ sniffer ─▶ lean HTTP/1.1
///                                                                                    │   └───▶ Kestrel's HTTP/1.1 ─▶ general path
///                                                                                    └▶ in-memory listener ─▶ Kestrel's HTTP/2 ─▶ general path
/// </code>
/// </summary>
internal static class ProxyPort
{
    /// <summary>Adds the in-memory transport beside Kestrel's own.</summary>
    public static IServiceCollection AddHandover(this IServiceCollection services) => services
        .AddSingleton<HandoverListener>()
        .AddSingleton<IConnectionListenerFactory>(s => s.GetRequiredService<HandoverListener>());

    /// <summary>Listens on <paramref name="endPoint"/>, with TLS if there is a <paramref name="certificate"/>.</summary>
    public static void ListenForProxy(this KestrelServerOptions kestrel, EndPoint endPoint, ProxyOptions options, X509Certificate2? certificate)
    {
        ApplyLimits(kestrel, options);
        kestrel.Listen(endPoint, listen =>
        {
            listen.Protocols = certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            if (options.ProxyProtocol)
            {
                var proxyProtocol = kestrel.ApplicationServices.GetRequiredService<ProxyProtocolMiddleware>();
                listen.Use(next => connection => proxyProtocol.OnConnectionAsync(connection, next));
            }

            if (certificate is not null)
                listen.UseHttps(certificate);

            var sniffer = kestrel.ApplicationServices.GetRequiredService<ConnectionSniffer>();
            listen.Use(next => connection => sniffer.OnConnectionAsync(connection, next));
        });
        kestrel.Listen(HandoverEndPoint.Instance, listen => listen.Protocols = HttpProtocols.Http2);
    }

    private static void ApplyLimits(KestrelServerOptions kestrel, ProxyOptions options)
    {
        // The service's own Server header passes; the proxy adds none.
        kestrel.AddServerHeader = false;
        // Behind a proxy that ends TLS, :scheme says https on a connection in clear.
        kestrel.AllowAlternateSchemes = true;

        var limits = kestrel.Limits;
        limits.KeepAliveTimeout = OrNever(options.KeepAliveTimeout);
        limits.RequestHeadersTimeout = OrNever(options.RequestHeadTimeout);
        limits.MaxRequestHeadersTotalSize = options.MaxRequestHeadSize;
        limits.MaxRequestLineSize = Math.Min(limits.MaxRequestLineSize * 2, options.MaxRequestHeadSize);
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.Http2.MaxRequestHeaderFieldSize = options.MaxRequestHeadSize;
        limits.Http2.KeepAlivePingDelay = DeadClientPing;

        // Streaming has no least rate and no greatest length; what stands still is ended by the exchange's own idle time-out.
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
    }

    /// <summary>As many as fit into the greatest head in practice; the size is the limit that protects.</summary>
    private const int MaxHeaders = 1000;

    /// <summary>Clients that vanished without a word are found by a ping; streams may be silent for ever otherwise.</summary>
    private static readonly TimeSpan DeadClientPing = TimeSpan.FromSeconds(60);

    private static TimeSpan OrNever(TimeSpan timeout) => timeout > TimeSpan.Zero ? timeout : Timeout.InfiniteTimeSpan;
}
