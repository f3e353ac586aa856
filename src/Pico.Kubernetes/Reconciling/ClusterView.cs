using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Reconciling;

/// <summary>What a leading controller knows of the cluster, kept by informers: all namespaces, or those that are watched.</summary>
internal sealed class ClusterView
{
    private readonly List<IInformer> _informers = [];

    public ClusterView(KubeClient client, IReadOnlyList<string> namespaces, TimeProvider time, ILogger logger)
    {
        Endpoints.Changed += (_, before, after) => Claims.Note(before, after);
        foreach (var @namespace in namespaces.Count > 0 ? namespaces : (IReadOnlyList<string?>)[null])
        {
            var everything = new ListQuery(@namespace);
            var managed = new ListQuery(@namespace, LabelSelector: PicoNames.ManagedSelector);
            _informers.Add(new Informer<PicoEndpoint, PicoEndpoint>(client, ResourceTypes.PicoEndpoints, everything, Trim, Endpoints, time, logger));
            _informers.Add(new Informer<V1Pod, AgentPod>(client, ResourceTypes.Pods, everything, AgentPod.Of, Pods, time, logger));
            _informers.Add(new Informer<V1Service, ServicePorts>(client, ResourceTypes.Services, everything, ServicePorts.Of, Services, time, logger));
            _informers.Add(new Informer<V1Deployment, GatewayState>(client, ResourceTypes.Deployments, managed, GatewayState.Of, Gateways, time, logger));
            _informers.Add(new Informer<V1ConfigMap, V1ConfigMap>(
                client, ResourceTypes.ConfigMaps, ListQuery.ForName(@namespace, PicoNames.ConfigMap), Trim, ConfigMaps, time, logger));
        }
    }

    public ObjectStore<PicoEndpoint> Endpoints { get; } = new();

    public ObjectStore<AgentPod> Pods { get; } = new();

    public ObjectStore<ServicePorts> Services { get; } = new();

    public ObjectStore<GatewayState> Gateways { get; } = new();

    public ObjectStore<V1ConfigMap> ConfigMaps { get; } = new();

    /// <summary>Who has which endpoint ID.</summary>
    public EndpointIndex Claims { get; } = new();

    /// <summary>Completes when everything is known for the first time.</summary>
    public Task Synced => Task.WhenAll(_informers.Select(i => i.Synced));

    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_informers.Select(i => i.RunAsync(stop)));

    /// <summary>The accepted endpoints of a namespace that sidecars serve.</summary>
    public PicoEndpoint[] SidecarEndpoints(string @namespace) =>
        [.. Endpoints.In(@namespace).Where(e => !e.IsForService && e.Metadata.DeletionTimestamp is null && Verdict.Of(e, Claims).IsAccepted)];

    private static PicoEndpoint Trim(PicoEndpoint endpoint)
    {
        endpoint.Metadata.ManagedFields = null;
        endpoint.Metadata.Annotations = null;
        return endpoint;
    }

    private static V1ConfigMap Trim(V1ConfigMap map)
    {
        map.Metadata.ManagedFields = null;
        map.Metadata.Annotations = null;
        return map;
    }
}
