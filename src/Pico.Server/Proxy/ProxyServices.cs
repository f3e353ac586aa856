using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;
using Pico.Server.Proxy.Connections;
using Pico.Server.Proxy.Connections.ProxyProtocol;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.General;
using Pico.Server.Proxy.General.H2c;
using Pico.Server.Proxy.General.Http1;
using Pico.Server.Proxy.Routing;

namespace Pico.Server.Proxy;

/// <summary>
/// What the proxy port is made of. It asks of its surroundings: <see cref="ProxyOptions"/>, the route table and connector, the metrics, the clock, logging,
/// and an <see cref="IHttp1Path"/>.
/// </summary>
internal static class ProxyServices
{
    /// <summary>Adds the proxy's services; <see cref="ProxyPort"/> is for the listener, and <see cref="GeneralPath"/> ends the pipeline.</summary>
    public static IServiceCollection AddProxy(this IServiceCollection services)
    {
        // Connections
        services.AddSingleton(s => new TrustedNetworks(s.GetRequiredService<ProxyOptions>().TrustedProxies));
        services.AddSingleton<ProxyProtocolMiddleware>();
        services.AddSingleton<ConnectionSniffer>();
        services.AddSingleton<HandoverListener>();
        services.AddSingleton<IConnectionListenerFactory>(s => s.GetRequiredService<HandoverListener>());

        // Requests
        services.AddSingleton(s => new EndpointResolver(s.GetRequiredService<ProxyOptions>().BaseDomain));
        services.AddSingleton<GeneralPath>();

        // Services behind endpoints
        services.AddSingleton<Http1Forwarder>();
        services.AddHttpForwarder();
        services.AddSingleton<H2cClients>();
        services.AddSingleton<H2cForwarder>();
        return services;
    }
}
