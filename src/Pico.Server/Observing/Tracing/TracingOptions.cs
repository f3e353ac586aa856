namespace Pico.Server.Observing.Tracing;

/// <summary>
/// Traces, by the standard variables of OpenTelemetry (<c>OTEL_…</c>) and nothing else. They are on if an endpoint for them is given
/// (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, <c>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT</c>) or <c>OTEL_TRACES_EXPORTER</c> is <c>otlp</c>; off if that is <c>none</c>, or
/// <c>OTEL_SDK_DISABLED</c> is <c>true</c>.
/// </summary>
public sealed class TracingOptions
{
    /// <summary>What the names of the variables begin with.</summary>
    public const string Prefix = "OTEL_";

    private const string Exporter = "OTEL_TRACES_EXPORTER";

    /// <summary>The variables, by name. Default: none, and so no traces.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; set; } = new Dictionary<string, string>();

    /// <summary>True if spans are made and exported.</summary>
    public bool IsEnabled => !Value("OTEL_SDK_DISABLED").Equals("true", StringComparison.OrdinalIgnoreCase) && Value(Exporter) switch
    {
        "" => Value("OTEL_EXPORTER_OTLP_ENDPOINT").Length + Value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").Length > 0,
        var exporter => exporter == "otlp",
    };

    /// <summary>True if <c>OTEL_TRACES_SAMPLER</c> says which traces are recorded, and not <see cref="Tracer"/>.</summary>
    public bool HasSampler => Value("OTEL_TRACES_SAMPLER").Length > 0;

    /// <summary>The value of a variable; empty if it is not set.</summary>
    public string Value(string name) => Variables.TryGetValue(name, out var value) ? value.Trim() : "";

    /// <summary>What of the variables cannot be: <c>(name, value, allowed)</c>.</summary>
    internal IEnumerable<(string Name, string Value, string Allowed)> Errors()
    {
        if (Value(Exporter) is not ("" or "otlp" or "none"))
            yield return (Exporter, Value(Exporter), "otlp or none");
        if (!IsEnabled)
            yield break;
        foreach (var name in (string[])["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
        {
            if (Value(name).Length > 0 && !(Uri.TryCreate(Value(name), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
                yield return (name, Value(name), "a URL such as http://collector:4317");
        }
    }
}
