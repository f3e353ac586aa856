using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;
using Pico.Server.Proxy.Access;
using Pico.Server.Proxy.Connections;
using Pico.Server.Proxy.Connections.ProxyProtocol;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.General;
using Pico.Server.Proxy.General.H2c;
using Pico.Server.Proxy.General.Http1;
using Pico.Server.Proxy.Http1;
using Pico.Server.Proxy.Routing;

namespace Pico.Server.Proxy;

/// <summary>
/// What the proxy port is made of. It asks of its surroundings: <see cref="ProxyOptions"/>, the route table and connector, the metrics, the clock and logging.
/// </summary>
internal static class ProxyServices
{
    /// <summary>Adds the proxy's services; <see cref="ProxyPort"/> is for the listener, <see cref="UseGeneralPath"/> for the pipeline.</summary>
    public static IServiceCollection AddProxy(this IServiceCollection services)
    {
        // Connections
        services.AddSingleton(s => new TrustedNetworks(s.GetRequiredService<ProxyOptions>().TrustedProxies));
        services.AddSingleton<ProxyProtocolMiddleware>();
        services.AddSingleton<ConnectionSniffer>();
        services.AddSingleton<HandoverListener>();
        services.AddSingleton<IConnectionListenerFactory>(s => s.GetRequiredService<HandoverListener>());

        // Requests: HTTP/1.1 the lean way, all others the general one
        services.AddSingleton(s => new EndpointResolver(s.GetRequiredService<ProxyOptions>().BaseDomain));
        services.AddSingleton<EndpointFinder>();
        services.AddSingleton<ClientAccess>();
        services.AddHttp1();
        services.AddSingleton<GeneralPath>();

        // Services behind endpoints, for the general path
        services.AddSingleton<Http1Forwarder>();
        services.AddHttpForwarder();
        services.AddSingleton<H2cClients>();
        services.AddSingleton<H2cForwarder>();
        return services;
    }

    /// <summary>Ends the pipeline with the general path.</summary>
    public static void UseGeneralPath(this IApplicationBuilder proxy) =>
        proxy.Run(proxy.ApplicationServices.GetRequiredService<GeneralPath>().InvokeAsync);
}
