using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Leading;

namespace Pico.Kubernetes;

/// <summary>Everything that can be set on a controller. One object, bound by the command line (docs/configuration.md).</summary>
public sealed class ControllerOptions
{
    /// <summary>Where <c>/health</c>, <c>/ready</c> and <c>/metrics</c> are served, <c>[host]:port</c>. Default <c>:8005</c>.</summary>
    public string BindAddress { get; set; } = ":8005";

    /// <summary>A kubeconfig file. Default: the pod's ServiceAccount, else <c>$KUBECONFIG</c> or <c>~/.kube/config</c>.</summary>
    public string KubeConfigFile { get; set; } = "";

    /// <summary>The controller's own namespace, with its Lease and its Secret. Default: that of the pod, or of the kubeconfig's context, else <c>default</c>.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>The namespaces whose PicoEndpoints and pods are looked after; Roles in them are enough then. Default: all.</summary>
    public IReadOnlyList<string> WatchNamespaces { get; set; } = [];

    /// <summary>How many objects are reconciled at a time; 1 to 64. Default 4.</summary>
    public int Workers { get; set; } = 4;

    /// <summary>
    /// Whether the pods concerned are touched (an annotation) when the endpoints of their namespace change, so that the kubelet refreshes their
    /// volumes at once; else it takes up to a minute or two. Default true.
    /// </summary>
    public bool TouchPods { get; set; } = true;

    /// <summary>What the status says as URL; <c>{endpoint}</c> stands for the endpoint ID. Default: none.</summary>
    public string UrlTemplate { get; set; } = "";

    /// <summary>How one of several controllers leads.</summary>
    public LeadershipOptions Leadership { get; } = new();

    /// <summary>What agents are like, beside pods and for Services.</summary>
    public AgentTemplate Agent { get; } = new();

    /// <summary>The mutating webhook.</summary>
    public WebhookOptions Webhook { get; } = new();
}
