using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Reconciling;

/// <summary>
/// One PicoEndpoint: (1) is it valid, and the ID its own; (2) agents for a Service, or the namespace's ConfigMap; (3) the live agents; (4) the status, written
/// only when it differs; (5) an Event for each condition that turned.
/// </summary>
internal sealed class EndpointReconciler(
    KubeClient client, ClusterView view, GatewayReconciler gateways, EventRecorder events, string urlTemplate, TimeProvider time)
{
    /// <summary>Makes it so.</summary>
    public async Task ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        var endpoint = view.Endpoints.Get(key);
        if (endpoint is null || endpoint.Metadata.DeletionTimestamp is not null)
            return;
        var verdict = Verdict.Of(endpoint, view.Claims); // 1.
        var programming = await ProgramAsync(endpoint, verdict, stop); // 2.
        var gateway = endpoint.IsForService ? view.Gateways.Get(new ObjectKey(key.Namespace, Gateway.NameFor(key.Name))) : null;
        var status = StatusWriter.Write(
            endpoint, verdict, programming, verdict.IsAccepted ? AgentsOf(endpoint) : [], gateway?.Trouble ?? "", urlTemplate, time.GetUtcNow()); // 3.
        if (!StatusWriter.Differs(endpoint.Status, status)) // 4.
            return;
        await client.MergeAsync(ResourceTypes.PicoEndpoints, key, "status", Patch(status), stop);
        Tell(endpoint, status); // 5.
    }

    private async Task<Programming> ProgramAsync(PicoEndpoint endpoint, Verdict verdict, CancellationToken stop)
    {
        if (!verdict.IsAccepted || !endpoint.IsForService)
            await gateways.RemoveAsync(endpoint, stop);
        if (!verdict.IsAccepted)
            return Programming.NotAccepted;
        if (endpoint.IsForService)
            return await gateways.ReconcileAsync(endpoint, stop);
        var content = NamespaceReconciler.ContentOf(view.ConfigMaps.Get(new ObjectKey(endpoint.Key.Namespace, PicoNames.ConfigMap)));
        if (AgentConfigWriter.IsIn(endpoint, content))
            return new Programming(true, "Written", $"It is in the ConfigMap {PicoNames.ConfigMap}, which the agents read.");
        return content.Length > AgentConfigWriter.MaxSize - 4096
            ? new Programming(false, "TooMany", $"The ConfigMap {PicoNames.ConfigMap} is full: spread the endpoints over several namespaces.")
            : new Programming(false, "Pending", $"It is not in the ConfigMap {PicoNames.ConfigMap} yet.");
    }

    private List<AgentPod> AgentsOf(PicoEndpoint endpoint)
    {
        var live = view.Pods.In(endpoint.Key.Namespace).Where(p => p.IsLive);
        if (endpoint.IsForService)
            return [.. live.Where(p => p.Agent == PicoNames.Gateway && p.Labels.TryGetValue(PicoNames.EndpointUid, out var uid) && uid == endpoint.Metadata.Uid)];
        return endpoint.Spec.Selector is { } selector
            ? [.. live.Where(p => p.Agent == PicoNames.Sidecar && LabelSelectors.Matches(selector, p.Labels))]
            : [];
    }

    private static JsonObject Patch(PicoEndpointStatus status)
    {
        var json = JsonNode.Parse(KubernetesJson.Serialize(status))!.AsObject();
        json.TryAdd("url", null); // removes one that was there
        return new JsonObject { ["status"] = json };
    }

    private void Tell(PicoEndpoint endpoint, PicoEndpointStatus status)
    {
        var target = EventTarget.Of(endpoint);
        foreach (var condition in status.Conditions!)
        {
            var before = endpoint.Status?.Conditions?.FirstOrDefault(c => c.Type == condition.Type);
            if (before?.Status == condition.Status && before?.Reason == condition.Reason)
                continue;
            if (condition.Status == "True")
                events.Normal(target, condition.Type, condition.Message);
            else if (IsWorthAWarning(condition, before))
                events.Warning(target, condition.Reason, condition.Message);
        }
    }

    // What follows from another condition, or is on its way, needs no words of its own.
    private static bool IsWorthAWarning(V1Condition condition, V1Condition? before) => condition.Type switch
    {
        StatusWriter.Accepted => true,
        StatusWriter.Programmed => condition.Reason is not ("NotAccepted" or "Pending"),
        _ => before?.Status == "True" && condition.Reason is "AgentsNotReady" or "NoAgents",
    };
}
