using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;

namespace Pico.Server.Limits;

/// <summary>The services of this room.</summary>
internal static class LimitServices
{
    public static IServiceCollection AddLimits(this IServiceCollection services, ServerOptions options) => services
        .AddSingleton(options.Proxy.Limits)
        .AddSingleton(options.Upstream.Limits)
        .AddSingleton<LimitMetrics>()
        .AddSingleton(provider => new LoadTable<ClientKey>(provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<RequestLimits>()
        .AddSingleton<ClientAdmission>()
        .AddSingleton<AgentConnections>();
}
