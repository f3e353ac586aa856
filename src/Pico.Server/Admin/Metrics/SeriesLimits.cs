using System.Collections.Frozen;
using System.Diagnostics.Metrics;

namespace Pico.Server.Admin.Metrics;

/// <summary>
/// How many label sets an instrument may have. The exporter takes memory for all of them at once, about 90 bytes each, so only what has the label <c>endpoint</c> may have many.
/// </summary>
internal static class SeriesLimits
{
    /// <summary>What all endpoints can bring in a bad hour.</summary>
    public const int OfEndpoints = 10 * EndpointSeries.MaxEndpoints;

    /// <summary>For a histogram, which forgets none: as many names of endpoints that came and went as are told apart, twice.</summary>
    public const int OfEndpointHistograms = 2 * EndpointSeries.MaxEndpoints;

    /// <summary>Of all others: their labels are reasons, states and the like.</summary>
    public const int OfOthers = 200;

    /// <summary>The instruments whose labels name endpoints.</summary>
    public static FrozenSet<string> PerEndpoint { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "pico.requests", "pico.request.duration", "pico.request.time_to_head", "pico.tcp.connections", "pico.endpoint.bytes", "pico.endpoint.in_flight", "pico.endpoint.upstreams",
        "pico.upstream.ejections", "pico.upstream.recoveries");

    public static int Of(Instrument instrument) =>
        !PerEndpoint.Contains(instrument.Name) ? OfOthers
        : instrument is Histogram<double> ? OfEndpointHistograms
        : OfEndpoints;
}
