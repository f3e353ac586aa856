using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Reconciling;

/// <summary>
/// One namespace's ConfigMap: (1) what it should hold; (2) none is needed where there is neither an endpoint nor a sidecar; (3) apply it if it differs; (4) then, on
/// the next look, touch the sidecars' pods whose part has changed, so that their kubelets refresh at once; (5) and once more a moment later.
/// </summary>
internal sealed partial class NamespaceReconciler(KubeClient client, ClusterView view, bool touchesPods, TimeProvider time, ILogger logger)
{
    /// <summary>A kubelet that is told by the pod's change should know of the ConfigMap's already.</summary>
    private static readonly TimeSpan BeforeTouch = TimeSpan.FromMilliseconds(200);

    /// <summary>One that did not, having learned of the two in the other order, would refresh nothing for a minute: it is told again.</summary>
    private static readonly TimeSpan BeforeSecondTouch = TimeSpan.FromSeconds(1);

    /// <summary>Makes it so; gives when to look again.</summary>
    public async Task<TimeSpan?> ReconcileAsync(string @namespace, CancellationToken stop)
    {
        var key = new ObjectKey(@namespace, PicoNames.ConfigMap);
        var endpoints = view.SidecarEndpoints(@namespace);
        var sidecars = view.Pods.In(@namespace).Where(p => p is { Agent: PicoNames.Sidecar, IsLive: true }).ToArray();
        var existing = view.ConfigMaps.Get(key);
        if (existing is not null && !IsOurs(existing))
        {
            LogForeign(@namespace, PicoNames.ConfigMap);
            return null;
        }

        var content = AgentConfigWriter.Write(endpoints); // 1.
        if (endpoints.Length == 0 && sidecars.Length == 0) // 2.
        {
            if (existing is not null)
                await client.DeleteAsync(ResourceTypes.ConfigMaps, key, existing.Metadata.Uid, stop);
            return null;
        }

        if (ContentOf(existing) != content && (existing is not null || endpoints.Length > 0)) // 3.
        {
            await client.ApplyAsync(ResourceTypes.ConfigMaps, Map(key, content), stop);
            LogWritten(@namespace, endpoints.Length);
            return BeforeTouch;
        }

        TimeSpan? next = null;
        foreach (var pod in touchesPods ? sidecars : [])
        {
            var hash = AgentConfigWriter.HashFor(pod.Labels, endpoints);
            if (hash == pod.ConfigHash)
                continue;
            var since = FirstTouch.Of(pod.ConfigHash) is { } first && first.Hash == hash ? time.GetUtcNow() - first.At : (TimeSpan?)null;
            if (since >= BeforeSecondTouch)
            {
                await TouchAsync(pod.Key, hash, stop); // 5.
                continue;
            }

            if (since is null)
                await TouchAsync(pod.Key, new FirstTouch(hash, time.GetUtcNow()).ToString(), stop); // 4.
            next = BeforeSecondTouch;
        }

        return next;
    }

    /// <summary>The file in a ConfigMap of the controller's; empty if there is none.</summary>
    public static string ContentOf(V1ConfigMap? map) =>
        map?.Data is { } data && IsOurs(map) && data.TryGetValue(PicoNames.ConfigMapKey, out var content) ? content : "";

    private static bool IsOurs(V1ConfigMap map) =>
        map.Metadata.Labels is { } labels && labels.TryGetValue(PicoNames.ManagedBy, out var by) && by == PicoNames.Controller;

    private async Task TouchAsync(ObjectKey pod, string hash, CancellationToken stop)
    {
        // null removes it (RFC 7396).
        var annotations = new JsonObject { [PicoNames.ConfigHash] = hash.Length > 0 ? hash : null };
        try
        {
            await client.MergeAsync(ResourceTypes.Pods, pod, null, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = annotations } }, stop);
        }
        catch (KubeApiException e) when (e.IsNotFound)
        {
            // Gone; nothing to refresh.
        }
        catch (KubeApiException e) when (e.IsForbidden)
        {
            LogNotTouched($"{pod}", e.Message);
        }
    }

    private static V1ConfigMap Map(ObjectKey key, string content) => new()
    {
        ApiVersion = ResourceTypes.ConfigMaps.ApiVersion,
        Kind = ResourceTypes.ConfigMaps.Kind,
        Metadata = new V1ObjectMeta
        {
            Name = key.Name,
            NamespaceProperty = key.Namespace,
            Labels = new Dictionary<string, string> { [PicoNames.ManagedBy] = PicoNames.Controller, ["app.kubernetes.io/name"] = PicoNames.AgentContainer },
        },
        Data = new Dictionary<string, string> { [PicoNames.ConfigMapKey] = content },
    };

    /// <summary>The annotation of a pod that is to be touched again, so that whoever leads then knows: the hash, <c>@</c>, and when, in milliseconds since 1970.</summary>
    private readonly record struct FirstTouch(string Hash, DateTimeOffset At)
    {
        public static FirstTouch? Of(string annotation) =>
            annotation.IndexOf('@', StringComparison.Ordinal) is >= 0 and var end && long.TryParse(annotation.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var at)
                ? new(annotation[..end], DateTimeOffset.UnixEpoch.AddMilliseconds(at))
                : null;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Hash}@{At.ToUnixTimeMilliseconds()}");
    }

    [LoggerMessage(6511, LogLevel.Information, "The ConfigMap of namespace {Namespace} has {Count} endpoints")]
    private partial void LogWritten(string @namespace, int count);

    [LoggerMessage(6512, LogLevel.Error, "The namespace {Namespace} has a ConfigMap {Name} that is not the controller's: it is left alone, and agents there learn no endpoints")]
    private partial void LogForeign(string @namespace, string name);

    [LoggerMessage(6513, LogLevel.Warning, "The pod {Pod} cannot be touched, its agent learns of changes within two minutes only: {Reason}")]
    private partial void LogNotTouched(string pod, string reason);
}
