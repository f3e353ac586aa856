using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Pico.Kubernetes.Resources;

/// <summary>
/// What a namespace exposes under an endpoint ID: a port of the pods that <see cref="PicoEndpointSpec.Selector"/> selects, which have the agent beside
/// them, or the Service that <see cref="PicoEndpointSpec.ServiceRef"/> names. The schema is charts/pico/files/picoendpoints.yaml.
/// </summary>
internal sealed class PicoEndpoint : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = ResourceTypes.PicoEndpoints.ApiVersion;

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = ResourceTypes.PicoEndpoints.Kind;

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public PicoEndpointSpec Spec { get; set; } = new();

    [JsonPropertyName("status")]
    public PicoEndpointStatus? Status { get; set; }

    /// <summary>Where it stands in the cluster.</summary>
    [JsonIgnore]
    public ObjectKey Key => new(Metadata.NamespaceProperty, Metadata.Name);

    /// <summary>True if an agent Deployment of its own serves it, false if agents beside the pods do.</summary>
    [JsonIgnore]
    public bool IsForService => Spec.ServiceRef is not null;
}
