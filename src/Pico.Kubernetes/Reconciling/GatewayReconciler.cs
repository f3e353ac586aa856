using System.Collections.Concurrent;
using k8s;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Reconciling;

/// <summary>What stands for a PicoEndpoint in the cluster so far: whether its agents have been told, and if not, why.</summary>
internal sealed record Programming(bool IsDone, string Reason, string Message)
{
    public static readonly Programming NotAccepted = new(false, "NotAccepted", "It is not accepted: see the condition Accepted.");
}

/// <summary>
/// The agent Deployment and ServiceAccount of each <c>serviceRef</c>. Applied when the wish differs from what was applied last, or when somebody else changed the
/// Deployment; deleted when the resource no longer wants them (with the resource itself, they go by their owner reference).
/// </summary>
internal sealed partial class GatewayReconciler(KubeClient client, ClusterView view, AgentTemplate template, ILogger logger)
{
    // By UID of the PicoEndpoint: what was applied, and the generation that came of it.
    private readonly ConcurrentDictionary<string, (string Hash, long Generation)> _applied = new(StringComparer.Ordinal);

    /// <summary>Makes it so for an accepted resource with a <c>serviceRef</c>.</summary>
    public async Task<Programming> ReconcileAsync(PicoEndpoint endpoint, CancellationToken stop)
    {
        var reference = endpoint.Spec.ServiceRef!;
        var service = view.Services.Get(new ObjectKey(endpoint.Key.Namespace, reference.Name!));
        if (service is null)
            return new Programming(false, "ServiceNotFound", $"There is no Service {reference.Name} in this namespace: make it, or change spec.serviceRef.name.");
        if (service.Find(reference.Port!.Value) is not { } port)
            return new Programming(false, "PortNotFound", $"The Service {reference.Name} has no port {reference.Port.Value}, it has {service}: change spec.serviceRef.port.");

        var key = new ObjectKey(endpoint.Key.Namespace, Gateway.NameFor(endpoint.Key.Name));
        var existing = view.Gateways.Get(key);
        var uid = endpoint.Metadata.Uid;
        if (existing is null ? await IsTakenAsync(key, uid, stop) : existing.OwnerUid != uid)
            return new Programming(false, "NameTaken", $"A Deployment or ServiceAccount {key.Name} that is not this resource's stands in the way: remove it, or rename this resource.");

        var deployment = Gateway.Deployment(endpoint, port, template);
        var hash = AgentConfigWriter.Hash(KubernetesJson.Serialize(deployment));
        if (existing is null || !_applied.TryGetValue(uid, out var applied) || applied.Hash != hash || applied.Generation != existing.Generation)
        {
            await client.ApplyAsync(ResourceTypes.ServiceAccounts, Gateway.ServiceAccount(endpoint), stop);
            var written = await client.ApplyAsync(ResourceTypes.Deployments, deployment, stop);
            _applied[uid] = (hash, written.Metadata.Generation ?? 0);
            LogApplied($"{key}");
        }

        return new Programming(true, "AgentsDeployed", $"The Deployment {key.Name} carries it to {reference.Name}:{port}.");
    }

    /// <summary>Removes what the resource no longer wants.</summary>
    public async Task RemoveAsync(PicoEndpoint endpoint, CancellationToken stop)
    {
        _applied.TryRemove(endpoint.Metadata.Uid, out _);
        var key = new ObjectKey(endpoint.Key.Namespace, Gateway.NameFor(endpoint.Key.Name));
        if (view.Gateways.Get(key) is not { } existing || existing.OwnerUid != endpoint.Metadata.Uid)
            return;
        if (await client.GetAsync(ResourceTypes.ServiceAccounts, key.Namespace, key.Name, stop) is { } account && IsOf(endpoint.Metadata.Uid, account.Metadata.OwnerReferences))
            await client.DeleteAsync(ResourceTypes.ServiceAccounts, key, account.Metadata.Uid, stop);
        await client.DeleteAsync(ResourceTypes.Deployments, key, existing.Uid, stop);
        LogRemoved($"{key}");
    }

    /// <summary>Forgets a resource that is gone.</summary>
    public void Forget(string uid) => _applied.TryRemove(uid, out _);

    private async Task<bool> IsTakenAsync(ObjectKey key, string uid, CancellationToken stop)
    {
        var deployment = await client.GetAsync(ResourceTypes.Deployments, key.Namespace, key.Name, stop);
        if (deployment is not null && !IsOf(uid, deployment.Metadata.OwnerReferences))
            return true;
        var account = await client.GetAsync(ResourceTypes.ServiceAccounts, key.Namespace, key.Name, stop);
        return account is not null && !IsOf(uid, account.Metadata.OwnerReferences);
    }

    private static bool IsOf(string uid, IEnumerable<k8s.Models.V1OwnerReference>? owners) => owners?.Any(o => o.Uid == uid) == true;

    [LoggerMessage(6521, LogLevel.Information, "Applied the agent Deployment {Deployment}")]
    private partial void LogApplied(string deployment);

    [LoggerMessage(6522, LogLevel.Information, "Removed the agent Deployment {Deployment}")]
    private partial void LogRemoved(string deployment);
}
