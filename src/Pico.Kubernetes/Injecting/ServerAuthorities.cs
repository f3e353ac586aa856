using k8s.Models;

namespace Pico.Kubernetes.Injecting;

/// <summary>
/// Where an agent's pod finds the authorities of its <c>wss://</c> servers: <c>configmap/NAME</c> or <c>secret/NAME</c>, of the pod's own namespace, with the PEM file under
/// <c>ca.crt</c>. It may be missing at first: the agent reads it at every connect.
/// </summary>
public static class ServerAuthorities
{
    /// <summary>What is allowed, in words for people.</summary>
    public const string Rule = "configmap/NAME or secret/NAME, which has the authorities under ca.crt";

    /// <summary>Where the agent finds them.</summary>
    internal const string File = Folder + "/" + Key;

    private const string Folder = "/etc/pico/server-ca";
    private const string Key = "ca.crt";
    private const string VolumeName = "pico-server-ca";
    private const string ConfigMap = "configmap/";
    private const string Secret = "secret/";

    /// <summary>True if <paramref name="text"/> names a ConfigMap or a Secret.</summary>
    public static bool IsValid(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return (text.StartsWith(ConfigMap, StringComparison.Ordinal) || text.StartsWith(Secret, StringComparison.Ordinal)) && AnnotationReader.IsName(NameIn(text));
    }

    /// <summary>True if one of <paramref name="servers"/>, separated by commas, speaks TLS: without one there is nobody to trust.</summary>
    public static bool AreFor(string servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
        return servers.Split(',', StringSplitOptions.TrimEntries).Any(s => s.StartsWith("wss:", StringComparison.OrdinalIgnoreCase) || s.StartsWith("https:", StringComparison.OrdinalIgnoreCase));
    }

    internal static V1VolumeMount Mount() => new() { Name = VolumeName, MountPath = Folder, ReadOnlyProperty = true };

    internal static V1Volume Volume(string source)
    {
        V1KeyToPath[] items = [new V1KeyToPath { Key = Key, Path = Key }];
        return new V1Volume
        {
            Name = VolumeName,
            ConfigMap = source.StartsWith(ConfigMap, StringComparison.Ordinal) ? new V1ConfigMapVolumeSource { Name = NameIn(source), Items = items, Optional = true } : null,
            Secret = source.StartsWith(Secret, StringComparison.Ordinal) ? new V1SecretVolumeSource { SecretName = NameIn(source), Items = items, Optional = true } : null,
        };
    }

    private static string NameIn(string source) => source[(source.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
