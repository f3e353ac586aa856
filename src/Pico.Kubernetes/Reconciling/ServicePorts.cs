using k8s.Models;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>What the controller keeps of a Service: its ports.</summary>
internal sealed record ServicePorts(ObjectKey Key, IReadOnlyList<(string Name, int Number)> Ports)
{
    public static ServicePorts Of(V1Service service) =>
        new(ObjectKey.Of(service.Metadata), [.. (service.Spec?.Ports ?? []).Select(p => (p.Name ?? "", p.Port))]);

    /// <summary>The number of the port that is meant; null if the Service has none such.</summary>
    public int? Find(string port) =>
        Ports.Where(p => p.Name == port || $"{p.Number}" == port).Select(p => (int?)p.Number).FirstOrDefault();

    public override string ToString() => string.Join(", ", Ports.Select(p => p.Name.Length > 0 ? $"{p.Name} ({p.Number})" : $"{p.Number}"));
}
