using System.Text.Json.Serialization;
using k8s.Models;

namespace Pico.Kubernetes.Resources;

/// <summary>What is: written by the controller alone, and only when it changed.</summary>
internal sealed class PicoEndpointStatus
{
    /// <summary>The generation that the rest is about.</summary>
    [JsonPropertyName("observedGeneration")]
    public long? ObservedGeneration { get; set; }

    /// <summary>Accepted, Programmed, Ready.</summary>
    [JsonPropertyName("conditions")]
    public IList<V1Condition>? Conditions { get; set; }

    /// <summary>Ready and all live agents, such as <c>2/3</c>.</summary>
    [JsonPropertyName("agents")]
    public string? Agents { get; set; }

    /// <summary>Live agents that are ready.</summary>
    [JsonPropertyName("readyAgents")]
    public int? ReadyAgents { get; set; }

    /// <summary>Where clients reach the endpoint, if the controller was told how URLs are made.</summary>
    [JsonPropertyName("url")]
    public string? Url { get; set; }
}
