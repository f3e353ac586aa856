using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pico.Server.Admin;
using Pico.Server.Admin.Events;
using Pico.Server.Admin.Metrics;
using Pico.Server.Auth;
using Pico.Server.Cluster;
using Pico.Server.Hosting.Tls;
using Pico.Server.Limits;
using Pico.Server.Observing;
using Pico.Server.Observing.Tracing;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Connections;
using Pico.Server.Tcp;
using Pico.Server.Upstreams;
using Pico.Server.Upstreams.Tunnels.Http;

namespace Pico.Server.Hosting;

/// <summary>Joins the rooms of the server: its services, its ports, and what answers on each.</summary>
internal static class ServerComposition
{
    /// <summary>Makes the application; nothing listens yet.</summary>
    public static WebApplication Build(ServerOptions options, Listeners listeners, ILoggerFactory loggers, TimeProvider time)
    {
        // Empty: no environment variable, file or signal changes anything behind the options' back.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services
            .AddSingleton(loggers)
            .AddSingleton(time)
            .AddSingleton<IHostLifetime, NoHostLifetime>()
            .AddHosting(options, listeners)
            .AddLimits(options)
            .AddObserving(options)
            .AddUpstreams()
            .AddCluster(options.Cluster)
            .AddTcp()
            .AddProxy()
            .AddAdmin();

        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel((_, kestrel) =>
        {
            KestrelSettings.Apply(kestrel, options.Proxy);
            kestrel.ListenForHandover();
            kestrel.ListenOn(ServerPort.Proxy, listening =>
            {
                var inClear = options.Proxy.Tls.CertificateFile.Length == 0;
                listening.UseClientConnections(inClear);
                listening.UseProxyProtocol();
                listening.UseClientAdmission(inClear);
                listening.UseTls(ServerPort.Proxy, options.Proxy.Tls);
                listening.UseSniffer();
            });
            kestrel.ListenOn(ServerPort.TlsPassthrough, listening =>
            {
                listening.UseClientConnections(inClear: false);
                listening.UseClientAdmission(inClear: false);
                listening.UseTlsPassthrough();
            });
            kestrel.ListenOn(ServerPort.Upstream, listening =>
            {
                listening.UseAgentConnections();
                listening.UseTls(ServerPort.Upstream, options.Upstream.Tls);
                HttpPhase.UseOn(listening);
            });
            kestrel.ListenOn(ServerPort.Admin, listening => listening.UseTls(ServerPort.Admin, options.Admin.Tls));
        });

        // After Kestrel's own, so that it takes the place of that.
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, TransportMemory>();

        var app = builder.Build();
        app.On(ServerPort.Proxy, proxy =>
        {
            proxy.UseForward();
            proxy.UseGeneralPath();
        });
        app.On(ServerPort.Upstream, upstream => upstream.UseTunnels());
        app.On(ServerPort.Admin, admin => admin.UseAdmin());
        app.Services.StartHousekeeping();
        return app;
    }

    private static IServiceCollection AddHosting(this IServiceCollection services, ServerOptions options, Listeners listeners) => services
        .AddSingleton(options)
        .AddSingleton(options.Proxy)
        .AddSingleton(options.Upstream)
        .AddSingleton(options.Admin)
        .AddSingleton(listeners)
        .AddSingleton<NodeIdentity>()
        .AddSingleton<NodeLifecycle>()
        .AddSingleton<ClientConnections>()
        .AddSingleton<ClientPorts>()
        .AddSingleton<AuthGates>()
        .AddSingleton<AuthMetrics>()
        .AddSingleton<Drain>()
        .AddSingleton<ListeningPorts>()
        .AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<ListeningPorts>());

    // What nobody asks for works by itself: made here, disposed of with the application.
    private static void StartHousekeeping(this IServiceProvider services)
    {
        services.GetRequiredService<NodeMetrics>();
        services.GetRequiredService<UpstreamMetrics>();
        services.GetRequiredService<AuthMetrics>();
        services.GetRequiredService<TraceExport>();
        services.GetRequiredService<EventSources>().Listen(services);
    }
}
