using System.Text.RegularExpressions;

namespace Pico.Kubernetes.Resources;

/// <summary>What the schema says, once more, for clusters that check less than this (no CEL before 1.25) and for objects older than the schema.</summary>
internal static partial class PicoEndpointRules
{
    public const int MaxReplicas = 16;

    /// <summary>What to change, in words for people; empty if the spec is valid.</summary>
    public static IReadOnlyList<string> Problems(PicoEndpointSpec spec)
    {
        var problems = new List<string>();
        if (spec.EndpointId is null || !DnsLabel().IsMatch(spec.EndpointId))
            problems.Add($"spec.endpointId is \"{spec.EndpointId}\": give 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit");
        if (spec.Protocol is not (null or "HTTP" or "H2C" or "HTTPS" or "TCP"))
            problems.Add($"spec.protocol is \"{spec.Protocol}\": give HTTP, H2C, HTTPS or TCP");
        if (spec.Tls is not null && spec.Protocol != "HTTPS")
            problems.Add("spec.tls is for protocol HTTPS: set spec.protocol to HTTPS or leave spec.tls out");
        Target(spec, problems);
        Health(spec, problems);
        return problems;
    }

    private static void Target(PicoEndpointSpec spec, List<string> problems)
    {
        if (spec.Selector is not null == spec.ServiceRef is not null)
            problems.Add("give either spec.selector with spec.port, or spec.serviceRef");
        else if (spec.Selector is not null)
        {
            problems.AddRange(LabelSelectors.Problems(spec.Selector));
            if (spec.Port is not (>= 1 and <= 65535))
                problems.Add($"spec.port is {spec.Port?.ToString() ?? "missing"}: give the port that the pods listen on, 1 to 65535");
            if (spec.Server is not null || spec.TokenSecretRef is not null || spec.Replicas is not null)
                problems.Add("spec.server, spec.tokenSecretRef and spec.replicas are for spec.serviceRef: pods with a sidecar take annotations instead");
        }
        else if (spec.ServiceRef is { } service)
        {
            if (spec.Port is not null)
                problems.Add("spec.port is for spec.selector: give the Service's port as spec.serviceRef.port");
            if (service.Name is null || !DnsLabel().IsMatch(service.Name))
                problems.Add($"spec.serviceRef.name is \"{service.Name}\": give the name of a Service");
            if (service.Port is null || !(int.TryParse(service.Port.Value, out var number) ? number is >= 1 and <= 65535 : DnsLabel().IsMatch(service.Port.Value)))
                problems.Add($"spec.serviceRef.port is \"{service.Port?.Value}\": give the number or the name of a port of the Service");
            if (spec.Replicas is not (null or (>= 1 and <= MaxReplicas)))
                problems.Add($"spec.replicas is {spec.Replicas}: give 1 to {MaxReplicas}");
            if (spec.Server is not null && !(Uri.TryCreate(spec.Server, UriKind.Absolute, out var server)
                && server.Scheme is "ws" or "wss" or "http" or "https" && server.Host.Length > 0 && server.UserInfo.Length + server.Query.Length + server.Fragment.Length == 0))
            {
                problems.Add($"spec.server is \"{spec.Server}\": give the upstream port of a server, such as wss://pico.example.com");
            }

            if (spec.TokenSecretRef is { } secret && (secret.Name is null || !DnsName().IsMatch(secret.Name)))
                problems.Add($"spec.tokenSecretRef.name is \"{secret.Name}\": give the name of a Secret");
        }
    }

    private static void Health(PicoEndpointSpec spec, List<string> problems)
    {
        if (spec.HealthCheck is not { } health)
            return;
        if (health.Path is not null && !HealthPath().IsMatch(health.Path))
            problems.Add($"spec.healthCheck.path is \"{health.Path}\": give an HTTP path that begins with /, or leave it out to check by a connect");
        if (health.Path is not null && spec.Protocol is "TCP" or "H2C")
            problems.Add($"spec.healthCheck.path is for HTTP and HTTPS: leave it out to check a {spec.Protocol} service by a connect");
        foreach (var (name, value) in new[] { ("interval", health.Interval), ("timeout", health.Timeout) })
        {
            if (value is not null && !Duration().IsMatch(value))
                problems.Add($"spec.healthCheck.{name} is \"{value}\": give a duration such as 500ms, 10s or 1m");
        }

        foreach (var (name, value) in new[] { ("healthyThreshold", health.HealthyThreshold), ("unhealthyThreshold", health.UnhealthyThreshold) })
        {
            if (value is not (null or (>= 1 and <= 100)))
                problems.Add($"spec.healthCheck.{name} is {value}: give 1 to 100");
        }
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$(?!\n)")]
    private static partial Regex DnsLabel();

    [GeneratedRegex("^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$(?!\n)")]
    private static partial Regex DnsName();

    [GeneratedRegex("^/[!-~]{0,999}$(?!\n)")]
    private static partial Regex HealthPath();

    // 100 ms to 24 h, as the agent has it.
    [GeneratedRegex("^([1-9][0-9]{2,6}ms|[1-9][0-9]{0,3}s|[1-9][0-9]{0,2}m|([1-9]|1[0-9]|2[0-4])h)$(?!\n)")]
    private static partial Regex Duration();
}
