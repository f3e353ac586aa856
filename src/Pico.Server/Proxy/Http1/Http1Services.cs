using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Proxy.Connections;

namespace Pico.Server.Proxy.Http1;

/// <summary>The services of this room.</summary>
internal static class Http1Services
{
    public static IServiceCollection AddHttp1(this IServiceCollection services) => services
        .AddSingleton<Heartbeat>()
        .AddSingleton<IHttp1Path, Http1Path>();
}
