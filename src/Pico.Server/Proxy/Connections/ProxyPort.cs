using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;
using Pico.Server.Proxy.Connections.ProxyProtocol;

namespace Pico.Server.Proxy.Connections;

/// <summary>
/// How the proxy port is joined together. What a connection passes, in the order in which the port's listener is given it:
/// <code>
///   socket ─▶ PROXY protocol (if switched on) ─▶ TLS (if there is a certificate) ─▶ sniffer ─▶ lean HTTP/1.1
///                                                                                    │   └───▶ Kestrel's HTTP/1.1 ─▶ general path
///                                                                                    └▶ in-memory listener ─▶ Kestrel's HTTP/2 ─▶ general path
/// </code>
/// </summary>
internal static class ProxyPort
{
    /// <summary>Reads the PROXY protocol, if it is switched on. Comes before TLS.</summary>
    public static void UseProxyProtocol(this ListenOptions listening)
    {
        if (!listening.ApplicationServices.GetRequiredService<ProxyOptions>().ProxyProtocol)
            return;
        var proxyProtocol = listening.ApplicationServices.GetRequiredService<ProxyProtocolMiddleware>();
        listening.Use(next => connection => proxyProtocol.OnConnectionAsync(connection, next));
    }

    /// <summary>Gives each connection to what it speaks. Comes last.</summary>
    public static void UseSniffer(this ListenOptions listening)
    {
        var sniffer = listening.ApplicationServices.GetRequiredService<ConnectionSniffer>();
        listening.Use(next => connection => sniffer.OnConnectionAsync(connection, next));
    }

    /// <summary>Listens, in memory, for the HTTP/2 connections that the sniffer hands over.</summary>
    public static void ListenForHandover(this KestrelServerOptions kestrel)
    {
        // Behind a proxy that ends TLS, :scheme says https on a connection in clear.
        kestrel.AllowAlternateSchemes = true;
        // Bytes in, the same bytes out.
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

        kestrel.Listen(HandoverEndPoint.Instance, listening =>
        {
            listening.Protocols = HttpProtocols.Http2;
            listening.Use(next => connection => ((HandedOverConnection)connection).RunAsync(next));
        });
    }
}
