using System.Globalization;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>The settings of an endpoint under the names that the agent has for them, on its command line and in its file.</summary>
internal static class EndpointSettings
{
    public static IEnumerable<(string Name, string Value)> Of(PicoEndpointSpec spec)
    {
        if (spec.Tls?.ServerName is { } name)
            yield return ("server-name", name);
        if (spec.Tls?.InsecureSkipVerify == true)
            yield return ("insecure", "true");
        if (spec.HealthCheck is not { } health)
            yield break;
        yield return ("health", health.Path ?? "tcp");
        if (health.Interval is { } interval)
            yield return ("health-interval", interval);
        if (health.Timeout is { } timeout)
            yield return ("health-timeout", timeout);
        if (health.HealthyThreshold is { } healthy)
            yield return ("healthy-threshold", healthy.ToString(CultureInfo.InvariantCulture));
        if (health.UnhealthyThreshold is { } unhealthy)
            yield return ("unhealthy-threshold", unhealthy.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>One endpoint as on the command line; <paramref name="address"/> is <c>host:port</c>.</summary>
    public static string CommandLine(PicoEndpointSpec spec, string address)
    {
        var settings = string.Join('&', Of(spec).Select(s => $"{s.Name}={Uri.EscapeDataString(s.Value)}"));
        return $"{spec.EndpointId}/{AgentConfigWriter.Protocol(spec)}://{address}{(settings.Length > 0 ? "?" + settings : "")}";
    }
}
