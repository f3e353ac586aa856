using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Cli.Settings;

/// <summary>How a server uses the Kubernetes API.</summary>
internal sealed class KubernetesSettings
{
    private static readonly OptionType<string> AnyText = OptionTypes.Matching("text", "any text", _ => true);

    public static OptionSet<KubernetesSettings> Definitions { get; } = new OptionSet<KubernetesSettings>()
        .Add(
            "cluster.kubernetes.selector", AnyText, s => s.Selector, (s, v) => s.Selector = v,
            "Find other nodes by the Kubernetes API too: the labels of the servers' pods, such as app=pico,component=server. Their addresses are joined, and the deletion of a pod is the end of its node at once. "
            + "Needs the verbs list and watch on pods. Without the API, or the permission, cluster.join is enough; and with it, cluster.join is not needed.")
        .Add(
            "cluster.kubernetes.service", AnyText, s => s.Service, (s, v) => s.Service = v,
            "The same by the selector of a Service, which needs the verb get on services too.")
        .Add(
            "cluster.kubernetes.namespace", AnyText, s => s.Namespace, (s, v) => s.Namespace = v,
            "The namespace of the servers' pods.", defaultText: "that of this pod, or of the kubeconfig's context")
        .Add(
            "cluster.kubernetes.pod-uid", AnyText, s => s.PodUid, (s, v) => s.PodUid = v,
            "The UID of this node's pod, from the downward API (metadata.uid): by it others know at once that the pod is gone.")
        .Add(
            "cluster.kubernetes.evict-unreachable", OptionTypes.Switch, s => s.EvictsUnreachable, (s, v) => s.EvictsUnreachable = v,
            "Evict the pod of a node whose machine is dead, so that Services send nobody there any more after seconds instead of a minute: one that the gossip holds to have failed and whose machine does not answer, while "
            + "more than half of the servers' pods answer this one. PodDisruptionBudgets are kept. Needs the verb create on pods/eviction.")
        .Add(
            "cluster.kubernetes.claim-namespaces", OptionTypes.List(AnyText), s => s.ClaimNamespaces, (s, v) => s.ClaimNamespaces = v,
            "The namespaces whose PicoEndpoints say who has which endpoint, as the controller's watch-namespaces. Needs the verbs list and watch on picoendpoints in them.", defaultText: "all")
        .Add(
            "kube-config", OptionTypes.ExistingFile, s => s.ConfigFile, (s, v) => s.ConfigFile = v,
            "A kubeconfig file for the Kubernetes API. Without it the pod's ServiceAccount is used, and nothing else.")
        .Rule("cluster.kubernetes.evict-unreachable", s => s is { EvictsUnreachable: true, IsDiscovering: false } ? "needs cluster.kubernetes.selector or cluster.kubernetes.service, by which it knows the pods" : null)
        .Rule("cluster.kubernetes.service", s => s is { Selector.Length: > 0, Service.Length: > 0 } ? "is given beside cluster.kubernetes.selector; one of them is enough" : null);

    public string Selector { get; set; } = "";

    public string Service { get; set; } = "";

    public string Namespace { get; set; } = "";

    public string PodUid { get; set; } = "";

    public bool EvictsUnreachable { get; set; }

    public IReadOnlyList<string> ClaimNamespaces { get; set; } = [];

    public string ConfigFile { get; set; } = "";

    /// <summary>True if other nodes are looked for.</summary>
    public bool IsDiscovering => Selector.Length > 0 || Service.Length > 0;
}
