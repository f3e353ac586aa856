using System.Text.Json.Nodes;

namespace Pico.Kubernetes.Injecting;

/// <summary>What became of a pod at the webhook.</summary>
internal enum InjectionOutcome
{
    /// <summary>It asks for no agent, or has one.</summary>
    NotAsked,

    /// <summary>It gets its agent.</summary>
    Injected,

    /// <summary>It asks for one and cannot have it.</summary>
    Skipped,

    /// <summary>The request could not be understood; the pod starts as it is.</summary>
    Failed,
}

/// <param name="Outcome">What became of it.</param>
/// <param name="Patch">RFC 6902; null: nothing is changed.</param>
/// <param name="Problems">What was not followed, or why there is no agent, in words for people.</param>
/// <param name="Reason">Why there is none, if it was skipped.</param>
internal sealed record InjectionResult(InjectionOutcome Outcome, JsonArray? Patch, IReadOnlyList<string> Problems, SkipReason? Reason = null)
{
    public static readonly InjectionResult NotAsked = new(InjectionOutcome.NotAsked, null, []);
}
