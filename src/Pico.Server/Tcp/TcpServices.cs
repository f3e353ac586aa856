using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;
using Pico.Server.Tcp.Forward;
using Pico.Server.Tcp.Sni;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Tcp;

/// <summary>The services of this room, and where clients of TCP endpoints come in.</summary>
internal static class TcpServices
{
    public static IServiceCollection AddTcp(this IServiceCollection services) => services
        .AddSingleton<TcpRelay>()
        .AddSingleton<ForwardAcceptor>()
        .AddSingleton<TlsPassthrough>();

    /// <summary>Pico's own paths on the proxy port: forward clients.</summary>
    public static void UseForward(this IApplicationBuilder proxy) => proxy.MapWhen(
        context => context.Request.Path.StartsWithSegments("/pico/v1", StringComparison.Ordinal),
        own => own
            .UseWebSockets(TunnelUpgrade.Options)
            .RunPaths(paths => paths.Get(TunnelUpgrade.ForwardPath, context => context.RequestServices.GetRequiredService<ForwardAcceptor>().AcceptAsync(context))));

    /// <summary>Passes the TLS connections of this port through.</summary>
    public static void UseTlsPassthrough(this ListenOptions listening)
    {
        var passthrough = listening.ApplicationServices.GetRequiredService<TlsPassthrough>();
        listening.Run(passthrough.OnConnectionAsync);
    }
}
