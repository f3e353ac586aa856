namespace Pico.Kubernetes.Resources;

/// <summary>Labels, annotations and names that are part of Pico's contract with its users (docs/kubernetes.md).</summary>
internal static class PicoNames
{
    /// <summary>What every label and annotation of Pico begins with.</summary>
    public const string Prefix = "pico.dev/";

    /// <summary>Label or annotation of a pod: <c>true</c> asks for the agent, <c>false</c> forbids it.</summary>
    public const string Inject = Prefix + "inject";

    /// <summary>Annotation of a pod: endpoints as on the agent's command line. Asks for the agent, too.</summary>
    public const string Endpoints = Prefix + "endpoints";

    /// <summary>Label of pods that have an agent: <see cref="Sidecar"/> or <see cref="Gateway"/>.</summary>
    public const string Agent = Prefix + "agent";

    /// <summary>The agent is beside the application.</summary>
    public const string Sidecar = "sidecar";

    /// <summary>The agent is alone in the pod, for a Service.</summary>
    public const string Gateway = "gateway";

    /// <summary>Label of what belongs to one PicoEndpoint: its UID.</summary>
    public const string EndpointUid = Prefix + "endpoint-uid";

    /// <summary>Annotation of an injected pod: which of its annotations were not followed, and why. Made into an Event by the controller.</summary>
    public const string Problems = Prefix + "problems";

    /// <summary>Annotation of a pod with a sidecar: what of the namespace's endpoints concerned it last. Its change makes the kubelet refresh volumes.</summary>
    public const string ConfigHash = Prefix + "config-hash";

    /// <summary>Label of Pico's own servers and controllers; its pods are never injected.</summary>
    public const string Component = Prefix + "component";

    /// <summary>The well-known label that names who manages an object.</summary>
    public const string ManagedBy = "app.kubernetes.io/managed-by";

    /// <summary>The value of <see cref="ManagedBy"/>, and the field manager of all that is applied.</summary>
    public const string Controller = "pico-controller";

    /// <summary>The agent's container in every pod that has one.</summary>
    public const string AgentContainer = "pico-agent";

    /// <summary>The ConfigMap of a namespace.</summary>
    public const string ConfigMap = "pico-agent-endpoints";

    /// <summary>Its key, which is the file's name.</summary>
    public const string ConfigMapKey = "endpoints.yaml";

    /// <summary>The key of a Secret that holds a token for Pico. Fixed, so that no other Secret can be sent to a server.</summary>
    public const string TokenKey = "pico-token";

    /// <summary>The label selector of everything that the controller makes.</summary>
    public const string ManagedSelector = ManagedBy + "=" + Controller;
}
