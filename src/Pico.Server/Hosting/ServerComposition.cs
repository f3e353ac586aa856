using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pico.Server.Admin;
using Pico.Server.Upstreams;

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
            .AddUpstreams()
            .AddAdmin();

        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel((_, kestrel) =>
        {
            KestrelSettings.Apply(kestrel, options.Proxy);
            kestrel.ListenOn(ServerPort.Proxy);
            kestrel.ListenOn(ServerPort.Upstream);
            kestrel.ListenOn(ServerPort.Admin);
        });

        var app = builder.Build();
        app.On(ServerPort.Admin, admin => admin.UseAdmin());
        app.Run(context => Problem.WriteAsync(context, 404, "not_found", "Nothing is here."));
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
        .AddSingleton<Drain>()
        .AddSingleton<ListeningPorts>()
        .AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<ListeningPorts>());
}
