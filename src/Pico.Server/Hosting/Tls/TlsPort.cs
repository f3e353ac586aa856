using System.Net.Security;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pico.Server.Hosting.Tls;

/// <summary>Puts TLS on a port.</summary>
internal static class TlsPort
{
    /// <summary>
    /// Speaks TLS if there is a certificate, on the proxy port with HTTP/2 by ALPN. On the admin port a client certificate that is required is asked for by
    /// path, so that probes, which have none, get through.
    /// </summary>
    public static void UseTls(this ListenOptions listening, ServerPort port, TlsOptions options)
    {
        if (!options.IsEnabled)
            return;

        if (port == ServerPort.Proxy)
            listening.Protocols = HttpProtocols.Http1AndHttp2;
        List<SslApplicationProtocol> protocols = listening.Protocols.HasFlag(HttpProtocols.Http2)
            ? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11]
            : [SslApplicationProtocol.Http11];
        var services = listening.ApplicationServices;
        var tls = new PortTls(
            $"{port.Name}.tls", options, port == ServerPort.Admin, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<PortTls>>());
        services.GetRequiredService<NodeLifecycle>().Stopped.Register(tls.Dispose);
        listening.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(tls.OfHandshake(protocols)) });
    }
}
