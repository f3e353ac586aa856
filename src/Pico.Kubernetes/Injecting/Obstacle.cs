namespace Pico.Kubernetes.Injecting;

/// <summary>Why a pod that asks for an agent cannot have one.</summary>
internal enum SkipReason
{
    /// <summary>What it asks for is neither yes nor no.</summary>
    UnclearWish,

    /// <summary>It uses the host's network.</summary>
    HostNetwork,

    /// <summary>The kubelet makes it without asking.</summary>
    MirrorPod,

    /// <summary>Nothing is injected in its namespace.</summary>
    ExcludedNamespace,

    /// <summary>It is a Job's, which would never complete beside a container of that Kubernetes.</summary>
    Job,
}

/// <summary>The same in words for people.</summary>
internal sealed record Obstacle(SkipReason Reason, string Text);
