using k8s.Models;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Injecting;

/// <summary>Whether a pod asks for the agent, and whether it is one that can have it, whatever the API server's version.</summary>
/// <param name="Asks">By <see cref="PicoNames.Inject"/> as label or annotation, or by <see cref="PicoNames.Endpoints"/>.</param>
/// <param name="Obstacle">Why it cannot have it; null if it can.</param>
internal readonly record struct InjectionWish(bool Asks, Obstacle? Obstacle)
{
    public static readonly InjectionWish None = new(false, null);

    public bool CanBeGranted => Asks && Obstacle is null;

    public static InjectionWish Of(V1Pod pod)
    {
        var inject = Value(pod.Metadata.Annotations, PicoNames.Inject) ?? Value(pod.Metadata.Labels, PicoNames.Inject);
        var asks = inject switch
        {
            "false" => false,
            "true" => true,
            _ => inject is not null || Value(pod.Metadata.Annotations, PicoNames.Endpoints) is not null,
        };
        return asks ? new(true, ObstacleOf(pod, inject)) : None;
    }

    private static Obstacle? ObstacleOf(V1Pod pod, string? inject)
    {
        if (inject is not (null or "true" or "false"))
            return new(SkipReason.UnclearWish, $"{PicoNames.Inject} is \"{inject}\": give \"true\" or \"false\"");
        if (pod.Spec.HostNetwork == true)
            return new(SkipReason.HostNetwork, "it uses the host's network, where its agent could be mistaken for another's: expose it by a PicoEndpoint with serviceRef");
        return Value(pod.Metadata.Annotations, "kubernetes.io/config.mirror") is not null
            ? new(SkipReason.MirrorPod, "it is the mirror of a static pod, which the kubelet makes without asking")
            : null;
    }

    private static string? Value(IDictionary<string, string>? values, string key) => values is not null && values.TryGetValue(key, out var value) ? value : null;
}
