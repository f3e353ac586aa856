using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Reconciling;

/// <summary>Knows what a change concerns: turns what the informers report into work.</summary>
internal sealed class WorkPlanner
{
    /// <summary>Pods change many times while they start and stop; a status is written once for all of them.</summary>
    private static readonly TimeSpan PodSettling = TimeSpan.FromMilliseconds(300);

    private readonly ClusterView _view;
    private readonly WorkQueue<WorkItem> _queue;

    /// <summary>Follows the view from now on.</summary>
    public WorkPlanner(ClusterView view, WorkQueue<WorkItem> queue)
    {
        _view = view;
        _queue = queue;
        view.Endpoints.Changed += OnEndpoint;
        view.Pods.Changed += OnPod;
        view.Services.Changed += (key, _, _) => AddWhere(key.Namespace, e => e.Spec.ServiceRef?.Name == key.Name);
        view.Gateways.Changed += (key, _, _) => AddWhere(key.Namespace, e => Gateway.NameFor(e.Key.Name) == key.Name);
        view.ConfigMaps.Changed += (key, _, _) =>
        {
            _queue.Add(WorkItem.OfNamespace(key.Namespace));
            AddWhere(key.Namespace, e => !e.IsForService);
        };
    }

    /// <summary>Looks at everything: what drifted unseen is set right.</summary>
    public void AddAll()
    {
        foreach (var endpoint in _view.Endpoints.All())
            _queue.Add(new WorkItem(WorkKind.Endpoint, endpoint.Key));
        foreach (var @namespace in _view.ConfigMaps.All().Select(m => m.Metadata.NamespaceProperty)
            .Concat(_view.Endpoints.All().Select(e => e.Key.Namespace)).Distinct(StringComparer.Ordinal))
        {
            _queue.Add(WorkItem.OfNamespace(@namespace));
        }
    }

    private void OnEndpoint(ObjectKey key, PicoEndpoint? before, PicoEndpoint? after)
    {
        // The controller's own status comes back too; the look that it costs changes nothing.
        _queue.Add(new WorkItem(WorkKind.Endpoint, key));
        if (before is not null && after is not null && before.Metadata.Generation == after.Metadata.Generation
            && before.Metadata.DeletionTimestamp == after.Metadata.DeletionTimestamp)
        {
            return;
        }

        _queue.Add(WorkItem.OfNamespace(key.Namespace));
        foreach (var other in _view.Claims.Rivals(before).Concat(_view.Claims.Rivals(after)))
        {
            _queue.Add(new WorkItem(WorkKind.Endpoint, other));
            _queue.Add(WorkItem.OfNamespace(other.Namespace));
        }
    }

    private void OnPod(ObjectKey key, AgentPod? before, AgentPod? after)
    {
        if (after is not null)
            _queue.Add(new WorkItem(WorkKind.Pod, key));
        if (before?.IsLive == after?.IsLive && before?.IsReady == after?.IsReady && before?.Trouble == after?.Trouble && before?.ConfigHash == after?.ConfigHash
            && before is not null && after is not null && before.Labels.Count == after.Labels.Count && !before.Labels.Except(after.Labels).Any())
        {
            return;
        }

        _queue.Add(WorkItem.OfNamespace(key.Namespace));
        foreach (var endpoint in _view.Endpoints.In(key.Namespace))
        {
            if (Concerns(endpoint, before) || Concerns(endpoint, after))
                _queue.AddAfter(new WorkItem(WorkKind.Endpoint, endpoint.Key), PodSettling);
        }
    }

    private static bool Concerns(PicoEndpoint endpoint, AgentPod? pod) => pod is not null && (endpoint.IsForService
        ? pod.Labels.TryGetValue(PicoNames.EndpointUid, out var uid) && uid == endpoint.Metadata.Uid
        : endpoint.Spec.Selector is { } selector && LabelSelectors.Matches(selector, pod.Labels));

    private void AddWhere(string @namespace, Func<PicoEndpoint, bool> isConcerned)
    {
        foreach (var endpoint in _view.Endpoints.In(@namespace).Where(isConcerned))
            _queue.Add(new WorkItem(WorkKind.Endpoint, endpoint.Key));
    }
}
