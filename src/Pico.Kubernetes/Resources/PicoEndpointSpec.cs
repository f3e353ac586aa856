using System.Text.Json.Serialization;
using k8s.Models;

namespace Pico.Kubernetes.Resources;

/// <summary>The wish. What is allowed stands in the schema, and in <see cref="PicoEndpointRules"/>.</summary>
internal sealed class PicoEndpointSpec
{
    /// <summary>The endpoint ID, a DNS label in lower case.</summary>
    [JsonPropertyName("endpointId")]
    public string? EndpointId { get; set; }

    /// <summary>HTTP (the default), H2C, HTTPS or TCP.</summary>
    [JsonPropertyName("protocol")]
    public string? Protocol { get; set; }

    /// <summary>Pods of the namespace that have the agent beside them. With <see cref="Port"/>.</summary>
    [JsonPropertyName("selector")]
    public V1LabelSelector? Selector { get; set; }

    /// <summary>The port that the selected pods listen on, 1 to 65,535.</summary>
    [JsonPropertyName("port")]
    public int? Port { get; set; }

    /// <summary>A Service of the namespace, instead of <see cref="Selector"/>.</summary>
    [JsonPropertyName("serviceRef")]
    public ServiceReference? ServiceRef { get; set; }

    /// <summary>With HTTPS: how the service's certificate is checked.</summary>
    [JsonPropertyName("tls")]
    public EndpointTls? Tls { get; set; }

    /// <summary>If set, the agent checks the service and withdraws the endpoint while it is unhealthy.</summary>
    [JsonPropertyName("healthCheck")]
    public EndpointHealthCheck? HealthCheck { get; set; }

    /// <summary>With <see cref="ServiceRef"/>: how many agents run, 1 to 16. Default 1.</summary>
    [JsonPropertyName("replicas")]
    public int? Replicas { get; set; }

    /// <summary>With <see cref="ServiceRef"/>: the upstream port of another Pico, <c>ws://</c> or <c>wss://</c>.</summary>
    [JsonPropertyName("server")]
    public string? Server { get; set; }

    /// <summary>With <see cref="ServiceRef"/>: a Secret whose key <c>pico-token</c> is the credential, instead of the ServiceAccount's token.</summary>
    [JsonPropertyName("tokenSecretRef")]
    public SecretReference? TokenSecretRef { get; set; }
}

/// <summary>A Service's port, by number or by name.</summary>
internal sealed class ServiceReference
{
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("port")]
    public IntOrString? Port { get; set; }
}

/// <summary>How a TLS service is checked.</summary>
internal sealed class EndpointTls
{
    [JsonPropertyName("serverName")]
    public string? ServerName { get; set; }

    [JsonPropertyName("insecureSkipVerify")]
    public bool? InsecureSkipVerify { get; set; }
}

/// <summary>How a service is found to be well. Without a path, a connect is enough. Intervals are durations such as <c>10s</c>.</summary>
internal sealed class EndpointHealthCheck
{
    [JsonPropertyName("path")]
    public string? Path { get; set; }

    [JsonPropertyName("interval")]
    public string? Interval { get; set; }

    [JsonPropertyName("timeout")]
    public string? Timeout { get; set; }

    [JsonPropertyName("healthyThreshold")]
    public int? HealthyThreshold { get; set; }

    [JsonPropertyName("unhealthyThreshold")]
    public int? UnhealthyThreshold { get; set; }
}

/// <summary>A Secret of the same namespace.</summary>
internal sealed class SecretReference
{
    [JsonPropertyName("name")]
    public string? Name { get; set; }
}
