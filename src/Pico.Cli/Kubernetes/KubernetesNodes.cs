using Microsoft.Extensions.Logging;
using Pico.Cli.Settings;
using Pico.Kubernetes.Discovery;
using Pico.Server.Cluster.Discovery;

namespace Pico.Cli.Kubernetes;

/// <summary>The servers' pods as the nodes of the cluster: a pod's name is the node's ID, its UID the node's place.</summary>
internal sealed class KubernetesNodes(KubeAccess access, KubernetesSettings settings, ILoggerFactory loggers, TimeProvider time) : INodeDiscovery
{
    /// <inheritdoc/>
    public string Instance => settings.PodUid;

    /// <inheritdoc/>
    public bool Evicts => settings.EvictsUnreachable;

    private string Namespace => settings.Namespace.Length > 0 ? settings.Namespace : access.Namespace;

    /// <inheritdoc/>
    public Task<bool> EvictAsync(DiscoveredNode node, CancellationToken cancellationToken) => access.EvictAsync(Namespace, node.NodeId, node.Instance, cancellationToken);

    /// <inheritdoc/>
    public Task RunAsync(INodeObserver observer, CancellationToken stop)
    {
        var pods = new ServerPods(access, new ServerPodsQuery(Namespace, settings.Selector, settings.Service), loggers, time);
        return pods.RunAsync(new Observer(observer), stop);
    }

    private sealed class Observer(INodeObserver nodes) : IServerPodObserver
    {
        public void OnPod(ServerPod pod) => nodes.OnNode(Node(pod));

        public void OnGone(ServerPod pod) => nodes.OnGone(Node(pod));

        private static DiscoveredNode Node(ServerPod pod) => new(pod.Name, pod.Uid, pod.Addresses, pod.Zone, pod.IsTerminating);
    }
}
