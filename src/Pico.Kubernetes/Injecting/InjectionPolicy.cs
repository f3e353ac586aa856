using k8s.Models;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Injecting;

/// <summary>Which pods get an agent. The webhook and the controller's audit ask the same question here.</summary>
internal sealed class InjectionPolicy(IReadOnlyList<string> excludedNamespaces)
{
    /// <summary>Why a pod that asks for an agent gets none, in words for people; null if it gets one.</summary>
    public Obstacle? Obstacle(string @namespace, InjectionWish wish, bool isOfJob, ServerVersion version)
    {
        if (@namespace == "kube-system" || excludedNamespaces.Contains(@namespace))
            return new(SkipReason.ExcludedNamespace, $"the namespace {@namespace} is excluded from injection");
        if (wish.Obstacle is { } obstacle)
            return obstacle;
        return isOfJob && !version.HasNativeSidecars
            ? new(SkipReason.Job, $"it is a Job's, and an agent beside it would keep the Job from completing: Kubernetes {version} has no sidecar containers ({ServerVersion.NativeSidecars} has)")
            : null;
    }

    /// <summary>True if the pod is one of Pico's own, or has its agent already.</summary>
    public static bool IsSettled(V1Pod pod) =>
        pod.Metadata.Labels is { } labels && (labels.ContainsKey(PicoNames.Component) || labels.ContainsKey(PicoNames.Agent))
        || pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []).Any(c => c.Name == PicoNames.AgentContainer);
}
