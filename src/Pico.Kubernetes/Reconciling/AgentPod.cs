using k8s.Models;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>What the controller keeps of a pod that has an agent or asks for one: a few hundred bytes instead of its whole description.</summary>
/// <param name="Key">Where it stands.</param>
/// <param name="Uid">Its UID.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Agent"><see cref="PicoNames.Sidecar"/>, <see cref="PicoNames.Gateway"/>, or empty: it has none.</param>
/// <param name="IsLive">False once it is being deleted or has come to its end.</param>
/// <param name="IsReady">True if its agent is ready.</param>
/// <param name="Trouble">Why its agent is not ready, in a few words.</param>
/// <param name="ConfigHash">The annotation <see cref="PicoNames.ConfigHash"/>; empty if there is none.</param>
/// <param name="Problems">The annotation <see cref="PicoNames.Problems"/>; empty if there is none.</param>
/// <param name="Wish">If it asks for an agent and has none: what the injector decides about it.</param>
/// <param name="IsOfJob">True if a Job owns it.</param>
internal sealed record AgentPod(
    ObjectKey Key, string Uid, IReadOnlyDictionary<string, string> Labels, string Agent, bool IsLive, bool IsReady, string Trouble, string ConfigHash,
    string Problems, InjectionWish Wish, bool IsOfJob)
{
    /// <summary>Null if the pod is of no concern.</summary>
    public static AgentPod? Of(V1Pod pod)
    {
        var labels = pod.Metadata.Labels ?? new Dictionary<string, string>();
        var agent = labels.TryGetValue(PicoNames.Agent, out var kind) ? kind : "";
        var wish = agent.Length > 0 ? InjectionWish.None : InjectionWish.Of(pod);
        if (agent.Length == 0 && !wish.Asks)
            return null;
        var statuses = (pod.Status?.ContainerStatuses ?? []).Concat(pod.Status?.InitContainerStatuses ?? []);
        var container = statuses.FirstOrDefault(s => s.Name == PicoNames.AgentContainer);
        var isReady = container?.Ready == true;
        return new AgentPod(
            ObjectKey.Of(pod.Metadata),
            pod.Metadata.Uid ?? "",
            labels.AsReadOnly(),
            agent,
            pod.Metadata.DeletionTimestamp is null && pod.Status?.Phase is not ("Succeeded" or "Failed"),
            isReady,
            isReady ? "" : TroubleOf(pod, container),
            Annotation(pod, PicoNames.ConfigHash),
            Annotation(pod, PicoNames.Problems),
            wish,
            (pod.Metadata.OwnerReferences ?? []).Any(o => o.Kind == "Job"));
    }

    private static string Annotation(V1Pod pod, string name) =>
        pod.Metadata.Annotations is { } annotations && annotations.TryGetValue(name, out var value) ? value : "";

    private static string TroubleOf(V1Pod pod, V1ContainerStatus? container)
    {
        if (container?.State?.Waiting?.Reason is { Length: > 0 } waiting)
            return waiting;
        if (container?.State?.Terminated is { } terminated)
            return $"its agent has exited with {terminated.ExitCode}";
        if (container?.State?.Running is not null)
            return "its agent is not registered yet";
        return (pod.Status?.Conditions ?? []).FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False" })?.Reason ?? $"it is {pod.Status?.Phase ?? "Pending"}";
    }
}
