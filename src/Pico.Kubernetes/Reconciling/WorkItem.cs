using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>What a worker looks at.</summary>
internal enum WorkKind
{
    /// <summary>A PicoEndpoint.</summary>
    Endpoint,

    /// <summary>A namespace's ConfigMap; the key is the namespace.</summary>
    Namespace,

    /// <summary>A pod that asks for an agent.</summary>
    Pod,
}

internal readonly record struct WorkItem(WorkKind Kind, ObjectKey Key)
{
    public static WorkItem OfNamespace(string @namespace) => new(WorkKind.Namespace, new ObjectKey("", @namespace));

    public override string ToString() => $"{Kind} {Key}";
}
