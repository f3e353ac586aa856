using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Auth.Ownership;
using Pico.Server.Hosting;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Upstreams;

/// <summary>The services of this room, and what answers on the upstream port.</summary>
internal static class UpstreamServices
{
    public static IServiceCollection AddUpstreams(this IServiceCollection services) => services
        .AddSingleton<RouteTable>()
        .AddSingleton<UpstreamConnector>()
        .AddSingleton<TunnelSet>()
        .AddSingleton<TunnelAdmission>()
        .AddSingleton<UpstreamMetrics>()
        .AddSingleton<EndpointOwnership>()
        .AddSingleton<RegistrationKeeper>()
        .AddSingleton<TunnelAcceptor>();

    public static void UseTunnels(this IApplicationBuilder upstream) => upstream
        .UseWebSockets(TunnelUpgrade.Options)
        .RunPaths(paths => paths.Get(TunnelUpgrade.AgentPath, context => context.RequestServices.GetRequiredService<TunnelAcceptor>().AcceptAsync(context)));
}
