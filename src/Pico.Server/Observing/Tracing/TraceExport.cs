using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Pico.Server.Hosting;

namespace Pico.Server.Observing.Tracing;

/// <summary>
/// Sends spans to an OTLP receiver, as the standard variables say, from a queue of bounded length (<c>OTEL_BSP_MAX_QUEUE_SIZE</c>) on a thread of its own:
/// a receiver that is slow or away loses spans, and holds up nothing. There while the server runs; without <see cref="TracingOptions.IsEnabled"/> it does nothing.
/// </summary>
internal sealed class TraceExport : IDisposable
{
    // What a stopping server waits for its last spans to be taken.
    private const int FlushMilliseconds = 2000;

    private const string AllPrefix = "OTEL_EXPORTER_OTLP_";
    private const string TracesPrefix = "OTEL_EXPORTER_OTLP_TRACES_";

    private readonly TracerProvider? _provider;

    public TraceExport(TracingOptions options, NodeIdentity node)
    {
        if (!options.IsEnabled)
            return;

        var variables = new ConfigurationBuilder().AddInMemoryCollection(Variables(options)).Build();
        var builder = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(variables))
            .AddSource(Tracer.SourceName)
            .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddService("pico-server", serviceVersion: node.Version, serviceInstanceId: node.Id)
                .AddTelemetrySdk()
                .AddEnvironmentVariableDetector()); // the last one counts
        _provider = builder.AddOtlpExporter(exporter =>
        {
            // Used as it stands, while the one for all signals gets a path (OpenTelemetry, OTLP exporter).
            if (options.Value(TracesPrefix + "ENDPOINT") is { Length: > 0 } endpoint)
                exporter.Endpoint = new Uri(endpoint);
        }).Build();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _provider?.Shutdown(FlushMilliseconds);
        _provider?.Dispose();
    }

    // The exporter knows the variables for all signals only; here are no others than traces.
    private static Dictionary<string, string?> Variables(TracingOptions options)
    {
        var variables = options.Variables.ToDictionary(v => v.Key, string? (v) => v.Value);
        foreach (var (name, value) in options.Variables.Where(v => v.Key.StartsWith(TracesPrefix, StringComparison.Ordinal) && v.Value.Length > 0))
            variables[string.Concat(AllPrefix, name.AsSpan(TracesPrefix.Length))] = value;
        return variables;
    }
}
