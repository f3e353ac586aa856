using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Reconciling;

/// <summary>Tells, by Events on the pods, which annotations were not followed, and which pods ask for an agent and have none.</summary>
internal sealed class PodAuditor(ObjectStore<AgentPod> pods, InjectionPolicy policy, ApiVersion version, EventRecorder events)
{
    /// <summary>How many live pods should have an agent and have none.</summary>
    public int CountMissed() => pods.All().Count(p => IsWithoutAgent(p) && Obstacle(p) is null);

    /// <summary>Looks at one pod.</summary>
    public void Audit(ObjectKey key)
    {
        if (pods.Get(key) is not { } pod)
            return;
        if (pod.Problems.Length > 0)
            events.Warning(EventTarget.Of(pod), "InvalidAnnotation", $"Not followed, defaults stand instead: {pod.Problems}. Correct it in the pod's template.");
        if (!IsWithoutAgent(pod))
            return;
        if (Obstacle(pod) is { } obstacle)
            events.Warning(EventTarget.Of(pod), "InjectionSkipped", $"The pod asks for an agent and has none: {obstacle.Text}.");
        else
            events.Warning(EventTarget.Of(pod), "InjectionMissed", "The pod asks for an agent and was made without one, while the webhook was not reached: make it anew.");
    }

    private static bool IsWithoutAgent(AgentPod pod) => pod is { Agent.Length: 0, IsLive: true } && pod.Wish.Asks && !pod.Labels.ContainsKey(PicoNames.Component);

    private Obstacle? Obstacle(AgentPod pod) => policy.Obstacle(pod.Key.Namespace, pod.Wish, pod.IsOfJob, version.Current);
}
