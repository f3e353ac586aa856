using System.Diagnostics.Metrics;
using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Pico.Server.Admin.Api;
using Pico.Server.Admin.Events;
using Pico.Server.Admin.Metrics;
using Pico.Server.Admin.Page;
using Pico.Server.Admin.Runtime;
using Pico.Server.Admin.Status;
using Pico.Server.Admin.Streaming;
using Pico.Server.Auth;
using Pico.Server.Cluster.Asking;
using Pico.Server.Hosting;
using Pico.Server.Hosting.Tls;

namespace Pico.Server.Admin;

/// <summary>The services of this room, and what answers on the admin port.</summary>
internal static class AdminServices
{
    /// <summary>The runtime's own meter: collections, allocated bytes, thread pool. It is one for the whole process.</summary>
    private const string RuntimeMeter = "System.Runtime";

    // Gauges whose names Prometheus takes for parts of histograms, and promtool for mistakes.
    private static readonly string[] Unscraped = ["dotnet.assembly.count", "dotnet.process.cpu.count", "dotnet.timer.count"];

    public static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddSingleton<ServerMetrics>().AddSingleton<NodeMetrics>();
        services.AddSingleton<EventLog>().AddSingleton<EventSources>();
        services
            .AddSingleton<NodeReporter>()
            .AddSingleton<EndpointReporter>()
            .AddSingleton<TunnelReporter>()
            .AddSingleton<GossipReporter>()
            .AddSingleton<StatusReporter>();
        services
            .AddSingleton<EndpointList>()
            .AddSingleton<TunnelList>()
            .AddSingleton<AdminResources>()
            .AddSingleton<AdminApi>()
            .AddSingleton<IPeerAnswers>(static provider => provider.GetRequiredService<AdminApi>())
            .AddSingleton<OpenApiDocument>()
            .AddSingleton<StreamSlots>()
            .AddSingleton<LiveAnswers>();
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService("pico-server"))
            .WithMetrics(metrics => metrics.AddMeter(ServerMetrics.MeterName, RuntimeMeter).SetExemplarFilter(ExemplarFilterType.TraceBased).AddPrometheusExporter());
        services.ConfigureOpenTelemetryMeterProvider((provider, metrics) => metrics.AddView(OwnMeters(provider.GetRequiredService<IMeterFactory>())));
        return services;
    }

    public static void UseAdmin(this IApplicationBuilder admin)
    {
        // Reports of a large node take their time, and connections run where their sockets report: not there.
        admin.Use(async (HttpContext context, RequestDelegate next) =>
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await next(context);
        });
        admin.Use(Authenticate);
        admin.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
        admin.RunPaths(paths => paths
            .Get("/health", context => Say(context, "alive"))
            .Get("/ready", Ready)
            .GetPage()
            .GetResources(admin.ApplicationServices.GetRequiredService<AdminResources>())
            .Get("/openapi.json", AdminPaths.DescribeAsync)
            .Post("/drain", DrainPath.AnswerAsync)
            .ChangeRuntimeSettings());
    }

    // Meters are found by name in the whole process: another server's in the same process have another factory.
    private static Func<Instrument, MetricStreamConfiguration?> OwnMeters(IMeterFactory meters) => instrument =>
        instrument.Meter.Scope == meters || (instrument.Meter.Name == RuntimeMeter && !Unscraped.Contains(instrument.Name))
            ? new MetricStreamConfiguration { CardinalityLimit = SeriesLimits.Of(instrument) }
            : MetricStreamConfiguration.Drop;

    /// <summary>Asks for a client certificate and a token, if the port does; probes need neither, and the status page's own files no token.</summary>
    private static async Task Authenticate(HttpContext context, RequestDelegate next)
    {
        var isProbe = context.Request.Path.Value is "/health" or "/ready";
        var tls = context.RequestServices.GetRequiredService<AdminOptions>().Tls;
        if (!isProbe && tls.EffectiveClientAuth == TlsClientAuth.Require && context.Connection.ClientCertificate is null)
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status403Forbidden, "client_certificate_required", "This path is for clients with a certificate (admin.tls.client-auth).");
            return;
        }

        var gate = context.RequestServices.GetRequiredService<AuthGates>().Admin;
        if (gate.IsEnabled && !isProbe && !PageFiles.Has(context.Request.Path))
        {
            var result = await gate.VerifyAsync(context.Request.Headers.Authorization, context.RequestAborted);
            if (!result.IsValid)
            {
                await AuthProblems.WriteAsync(context, result);
                return;
            }

            context.Features.Set(result.Token);
        }

        await next(context);
    }

    private static Task Ready(HttpContext context)
    {
        var lifecycle = context.RequestServices.GetRequiredService<NodeLifecycle>();
        return lifecycle.IsReady
            ? Say(context, "ready")
            : Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "not_ready", lifecycle.Reason);
    }

    private static Task Say(HttpContext context, string text)
    {
        context.Response.ContentType = MediaTypeNames.Text.Plain;
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
