using System.Net;
using k8s.Models;

namespace Pico.Kubernetes.Discovery;

/// <summary>A pod behind the servers' headless Service.</summary>
/// <param name="Name">The pod's name, which is the node's ID.</param>
/// <param name="Uid">Its UID: one life of the node is one UID.</param>
/// <param name="Addresses">Its addresses, of both families where it has them; empty until it has one.</param>
/// <param name="NodeName">The machine it runs on; empty until it is scheduled.</param>
/// <param name="Zone">The zone of that machine (<c>topology.kubernetes.io/zone</c>); empty where it cannot be read.</param>
/// <param name="IsTerminating">True once it is being deleted or evicted; it may still drain.</param>
public sealed record ServerPod(string Name, string Uid, IReadOnlyList<IPAddress> Addresses, string NodeName, string Zone, bool IsTerminating)
{
    /// <summary>Null if the pod's life is over: it has come to its end, and never comes back under this UID.</summary>
    internal static ServerPod? Of(V1Pod pod) => HasEnded(pod) && !MayRun(pod) ? null : new ServerPod(
        pod.Metadata.Name,
        pod.Metadata.Uid,
        [.. (pod.Status?.PodIPs ?? []).Select(i => i.Ip).Append(pod.Status?.PodIP).Where(i => !string.IsNullOrEmpty(i)).Distinct().Select(i => IPAddress.Parse(i!))],
        pod.Spec?.NodeName ?? "",
        "",
        pod.Metadata.DeletionTimestamp is not null || HasEnded(pod));

    /// <summary>True if nothing that an observer is told differs.</summary>
    internal bool IsSameAs(ServerPod other) =>
        Uid == other.Uid && NodeName == other.NodeName && Zone == other.Zone && IsTerminating == other.IsTerminating && Addresses.SequenceEqual(other.Addresses);

    private static bool HasEnded(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    // A kubelet that evicts a pod, or shuts its machine down, may say Failed before it ends the containers (before Kubernetes 1.22 always, and without their statuses): they drain until then.
    private static bool MayRun(V1Pod pod) => pod.Status.ContainerStatuses is not { Count: > 0 } containers || containers.Any(c => c.State?.Running is not null);
}

/// <summary>Is told what becomes of the servers' pods, one call at a time.</summary>
public interface IServerPodObserver
{
    /// <summary>The pod is new, or changed.</summary>
    void OnPod(ServerPod pod);

    /// <summary>The pod is gone for good: deleted, come to its end, or replaced by another of the same name. Never said of pods that are merely out of sight.</summary>
    void OnGone(ServerPod pod);
}
