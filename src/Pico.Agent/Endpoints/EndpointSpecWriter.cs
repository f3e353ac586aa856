using System.Globalization;
using System.Text;

namespace Pico.Agent.Endpoints;

/// <summary>Writes an endpoint as <see cref="EndpointSpecParser"/> reads it; settings that are the default are left out.</summary>
internal static class EndpointSpecWriter
{
    private static readonly HealthCheckSettings DefaultHealth = new();

    public static string Write(EndpointSpec spec)
    {
        var text = new StringBuilder(spec.Id).Append('/').Append(spec.Target);
        var separator = '?';
        if (spec.Tls is { } tls)
        {
            Add("ca", tls.CaFile, tls.CaFile.Length > 0);
            Add("server-name", tls.ServerName, tls.ServerName.Length > 0);
            Add("insecure", "true", tls.Insecure);
        }

        if (spec.Health is { } health)
        {
            Add("health", health.Path.Length > 0 ? health.Path : "tcp", true);
            Add("health-interval", Milliseconds(health.Interval), health.Interval != DefaultHealth.Interval);
            Add("health-timeout", Milliseconds(health.Timeout), health.Timeout != DefaultHealth.Timeout);
            Add("healthy-threshold", Number(health.HealthyThreshold), health.HealthyThreshold != DefaultHealth.HealthyThreshold);
            Add("unhealthy-threshold", Number(health.UnhealthyThreshold), health.UnhealthyThreshold != DefaultHealth.UnhealthyThreshold);
        }

        return text.ToString();

        void Add(string key, string value, bool isSet)
        {
            if (!isSet)
                return;
            text.Append(separator).Append(key).Append('=').Append(Uri.EscapeDataString(value).Replace("%2F", "/", StringComparison.Ordinal));
            separator = '&';
        }
    }

    private static string Milliseconds(TimeSpan duration) => Number((long)duration.TotalMilliseconds) + "ms";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
