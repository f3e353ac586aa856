using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;
using Pico.Server.Observing.AccessLogs;
using Pico.Server.Observing.Tracing;

namespace Pico.Server.Observing;

/// <summary>The services of this room.</summary>
internal static class ObservingServices
{
    public static IServiceCollection AddObserving(this IServiceCollection services, ServerOptions options) => services
        .AddSingleton(options.Tracing)
        .AddSingleton(options.Proxy.AccessLog)
        .AddSingleton<Tracer>()
        .AddSingleton<TraceExport>()
        .AddSingleton<AccessLog>()
        .AddSingleton<RequestObserver>();
}
