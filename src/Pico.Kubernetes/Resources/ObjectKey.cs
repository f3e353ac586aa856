using k8s.Models;

namespace Pico.Kubernetes.Resources;

/// <summary>Names an object of one kind. The namespace is empty for those that have none.</summary>
internal readonly record struct ObjectKey(string Namespace, string Name)
{
    public static ObjectKey Of(V1ObjectMeta metadata) => new(metadata.NamespaceProperty ?? "", metadata.Name);

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
