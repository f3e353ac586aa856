using Microsoft.Extensions.DependencyInjection;

namespace Pico.Server.Upstreams;

/// <summary>The services of this room.</summary>
internal static class UpstreamServices
{
    public static IServiceCollection AddUpstreams(this IServiceCollection services) => services
        .AddSingleton<RouteTable>()
        .AddSingleton<UpstreamConnector>()
        .AddSingleton<IdleStreamTrimmer>();
}
