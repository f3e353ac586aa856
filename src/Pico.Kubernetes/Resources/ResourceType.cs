using k8s;
using k8s.Models;

namespace Pico.Kubernetes.Resources;

/// <summary>A kind of object and where the API server keeps it.</summary>
/// <typeparam name="T">What one object is read as.</typeparam>
internal sealed record ResourceType<T>(string Group, string Version, string Plural, string Kind)
    where T : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The path of all objects (of a namespace, if one is given), or of one of them, or of a part of that one.</summary>
    public string Path(string? @namespace, string? name = null, string? subresource = null)
    {
        var path = Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
        if (!string.IsNullOrEmpty(@namespace))
            path += $"/namespaces/{Uri.EscapeDataString(@namespace)}";
        path += $"/{Plural}";
        if (name is not null)
            path += $"/{Uri.EscapeDataString(name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }
}
