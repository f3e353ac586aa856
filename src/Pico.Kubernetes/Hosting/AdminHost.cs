using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Pico.Kubernetes.Hosting;

/// <summary>The controller's own port: <c>/health</c>, <c>/ready</c>, <c>/metrics</c>.</summary>
internal sealed class AdminHost : IAsyncDisposable
{
    private const string RuntimeMeter = "System.Runtime";
    private const long MaxBody = 1024;

    // Gauges whose names Prometheus takes for parts of histograms, and promtool for mistakes.
    private static readonly string[] Unscraped = ["dotnet.assembly.count", "dotnet.process.cpu.count", "dotnet.timer.count"];

    private readonly WebApplication _app;

    /// <summary>Listens from <see cref="StartAsync"/> on. <paramref name="notReady"/> says what is still missing, or null.</summary>
    public AdminHost(string bindAddress, Func<string?> notReady, ILoggerFactory loggers)
    {
        _app = HostPort.Build(bindAddress, loggers, AddMetrics, static _ => { }, MaxBody);
        Metrics = _app.Services.GetRequiredService<ControllerMetrics>();
        _app.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
        _app.Run(context => context.Request.Path.Value switch
        {
            "/health" => SayAsync(context, StatusCodes.Status200OK, "alive"),
            "/ready" when notReady() is { } reason => SayAsync(context, StatusCodes.Status503ServiceUnavailable, reason),
            "/ready" => SayAsync(context, StatusCodes.Status200OK, "ready"),
            _ => SayAsync(context, StatusCodes.Status404NotFound, "there are /health, /ready and /metrics"),
        });
    }

    public ControllerMetrics Metrics { get; }

    /// <summary>Where it listens, once started.</summary>
    public IPEndPoint Address => HostPort.AddressOf(_app);

    public Task StartAsync(CancellationToken cancellationToken) => _app.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void AddMetrics(IServiceCollection services)
    {
        services.AddMetrics().AddSingleton<ControllerMetrics>();
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService("pico-controller"))
            .WithMetrics(metrics => metrics.AddMeter(ControllerMetrics.MeterName, RuntimeMeter).AddPrometheusExporter());
        // Meters are found by name in the whole process: another controller's in the same process have another factory.
        services.ConfigureOpenTelemetryMeterProvider((provider, metrics) => metrics.AddView(instrument =>
            instrument.Meter.Scope == provider.GetRequiredService<IMeterFactory>() || (instrument.Meter.Name == RuntimeMeter && !Unscraped.Contains(instrument.Name))
                ? null
                : MetricStreamConfiguration.Drop));
    }

    private static Task SayAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = MediaTypeNames.Text.Plain;
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
