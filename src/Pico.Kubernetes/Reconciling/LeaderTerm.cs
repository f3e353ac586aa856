using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Injecting.Certificates;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Reconciling;

/// <summary>
/// The work of one term as leader, made anew for each, so that nothing of an older term acts: (1) informers; (2) when they know everything, workers; (3) all
/// of it looked at again from time to time; and the webhook's certificate beside it.
/// </summary>
internal sealed partial class LeaderTerm(
    KubeClient client, ControllerOptions options, string identity, ApiVersion version, ControllerMetrics metrics, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(10);

    /// <summary>Works until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var queue = new WorkQueue<WorkItem>(time);
        var view = new ClusterView(client, options.WatchNamespaces, time, logger);
        var events = new EventRecorder(client, identity, metrics, time, logger);
        var gateways = new GatewayReconciler(client, view, options.Agent, logger);
        var endpoints = new EndpointReconciler(client, view, gateways, events, options.UrlTemplate, time);
        var namespaces = new NamespaceReconciler(client, view, options.TouchPods, time, logger);
        var auditor = new PodAuditor(view.Pods, new InjectionPolicy(options.Webhook.ExcludedNamespaces), version, events);
        var planner = new WorkPlanner(view, queue);
        view.Endpoints.Changed += (_, before, after) =>
        {
            if (after is null)
                gateways.Forget(before!.Metadata.Uid);
        };
        metrics.QueueDepth = () => queue.Depth;
        metrics.MissedPods = auditor.CountMissed;
        var workers = new Workers<WorkItem>(queue, WorkAsync, (item, wentWell, duration) => metrics.Reconciled(item.Kind, wentWell, duration), time, logger);
        var running = new List<Task> { view.RunAsync(stop), events.RunAsync(stop) }; // 1.
        if (options.Webhook.MakesCertificate)
            running.Add(new CertificateKeeper(client, options.Namespace, options.Webhook, time, logger).RunAsync(stop));
        running.Add(WorkWhenSyncedAsync());
        await Task.WhenAll(running);
        metrics.QueueDepth = static () => 0;
        metrics.MissedPods = static () => 0;

        async Task WorkWhenSyncedAsync()
        {
            await Task.WhenAll(view.Synced, version.Known).WaitAsync(stop);
            LogSynced(view.Endpoints.Count, view.Pods.Count);
            await Task.WhenAll(workers.RunAsync(options.Workers, stop), LookAgainAsync(planner, stop)); // 2.
        }

        async Task<TimeSpan?> WorkAsync(WorkItem item, CancellationToken token)
        {
            switch (item.Kind)
            {
                case WorkKind.Endpoint:
                    await endpoints.ReconcileAsync(item.Key, token);
                    return null;
                case WorkKind.Namespace:
                    return await namespaces.ReconcileAsync(item.Key.Name, token);
                default:
                    auditor.Audit(item.Key);
                    return null;
            }
        }
    }

    // 3.
    private async Task LookAgainAsync(WorkPlanner planner, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(LookAgain, time);
        while (await timer.WaitForNextTickAsync(stop))
            planner.AddAll();
    }

    [LoggerMessage(6531, LogLevel.Information, "The cluster is known: {Endpoints} PicoEndpoints, {Pods} pods with agents or asking for one")]
    private partial void LogSynced(int endpoints, int pods);
}
