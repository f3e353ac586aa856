using System.Threading.Channels;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Discovery;

/// <summary>
/// The servers' pods, by the Kubernetes API: (1) the selector, given or the headless Service's; (2) an informer on the pods that it selects; (3) each
/// change told to the observer, with the zone of the pod's machine where that may be read; (4) a pod that is out of sight is gone only if the API server, asked for it by name, says so: one
/// whose labels were changed runs on. The API server may be away, or the permission missing: then nothing is told, and it is tried again for ever.
/// </summary>
public sealed partial class ServerPods
{
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    private readonly KubeClient _client;
    private readonly ServerPodsQuery _query;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), Random.Shared.NextDouble);

    // By machine; a machine does not change its zone.
    private readonly Dictionary<string, string> _zones = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServerPod> _told = new(StringComparer.Ordinal);

    /// <summary>Asks nothing yet.</summary>
    /// <param name="access">The API server; it stays the caller's.</param>
    /// <param name="query">Which pods.</param>
    /// <param name="loggers">Where troubles are told.</param>
    /// <param name="time">The clock.</param>
    public ServerPods(KubeAccess access, ServerPodsQuery query, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(access);
        ArgumentNullException.ThrowIfNull(query);
        _client = access.Client;
        _query = query;
        _logger = loggers.CreateLogger("Pico.Kubernetes");
        _time = time;
    }

    /// <summary>Tells <paramref name="observer"/> until <paramref name="stop"/>.</summary>
    public async Task RunAsync(IServerPodObserver observer, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(observer);
        try
        {
            var selector = _query.Selector.Length > 0 ? _query.Selector : await SelectorAsync(stop); // 1.
            var changed = Channel.CreateUnbounded<(ServerPod? Before, ServerPod? After)>(new UnboundedChannelOptions { SingleReader = true });
            var store = new ObjectStore<ServerPod>();
            store.Changed += (_, before, after) => changed.Writer.TryWrite((before, after));
            var informer = new Informer<V1Pod, ServerPod>( // 2.
                _client, ResourceTypes.Pods, new ListQuery(_query.Namespace, LabelSelector: selector), ServerPod.Of, store, _time, _logger);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var watching = informer.RunAsync(end.Token);
            try
            {
                await TellAsync(changed.Reader, observer, end.Token);
            }
            finally
            {
                // What nobody is told of any more is not gathered either.
                await end.CancelAsync();
                await watching;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked for.
        }
    }

    private async Task<string> SelectorAsync(CancellationToken stop)
    {
        while (true)
        {
            var trouble = "it has no selector";
            try
            {
                var service = await _client.GetAsync(ResourceTypes.Services, _query.Namespace, _query.Service, stop);
                if (service?.Spec?.Selector is { Count: > 0 } selector)
                    return string.Join(',', selector.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}={s.Value}"));
                trouble = service is null ? "there is none" : trouble;
            }
            catch (KubeApiException e) when (e.IsForbidden)
            {
                trouble = $"it needs the verb get on services in the namespace {_query.Namespace}: {e.Message}";
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                trouble = e.Message;
            }

            LogNoService($"{_query.Namespace}/{_query.Service}", trouble);
            await Task.Delay(_backoff.Next(), _time, stop);
        }
    }

    // 3. and 4.
    private async Task TellAsync(ChannelReader<(ServerPod? Before, ServerPod? After)> changed, IServerPodObserver observer, CancellationToken stop)
    {
        await foreach (var (before, after) in changed.ReadAllAsync(stop))
        {
            if (before is not null && before.Uid != after?.Uid && _told.ContainsKey(before.Uid) && await IsGoneAsync(before, stop) && _told.Remove(before.Uid, out var gone))
                observer.OnGone(gone);
            if (after is null)
                continue;
            var pod = after with { Zone = await ZoneAsync(after.NodeName, stop) };
            if (_told.TryGetValue(pod.Uid, out var known) && known.IsSameAs(pod))
                continue;
            _told[pod.Uid] = pod;
            observer.OnPod(pod);
        }
    }

    // The answer is the API server's present state (no resourceVersion is asked for). A name's next pod has another UID. Until there is an answer, nothing is said of anybody.
    private async Task<bool> IsGoneAsync(ServerPod pod, CancellationToken stop)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), Random.Shared.NextDouble);
        while (true)
        {
            try
            {
                var page = await _client.ListAsync(ResourceTypes.Pods, ListQuery.ForName(_query.Namespace, pod.Name), 1, "", stop);
                return page.Items.Select(ServerPod.Of).All(p => p?.Uid != pod.Uid);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogNotConfirmed(pod.Name, e.Message);
            }

            await Task.Delay(backoff.Next(), _time, stop);
        }
    }

    private async Task<string> ZoneAsync(string node, CancellationToken stop)
    {
        if (node.Length == 0)
            return "";
        if (_zones.TryGetValue(node, out var zone))
            return zone;
        try
        {
            var labels = (await _client.GetAsync(ResourceTypes.Nodes, null, node, stop))?.Metadata.Labels;
            zone = labels is not null && labels.TryGetValue(ZoneLabel, out var value) ? value : "";
        }
        catch (KubeApiException e)
        {
            LogNoZone(node, e.Message);
            zone = "";
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            return ""; // asked again with the pod's next change
        }

        return _zones[node] = zone;
    }

    [LoggerMessage(6601, LogLevel.Warning, "The servers' Service {Service} cannot be read from the Kubernetes API, it is tried again: {Reason}")]
    private partial void LogNoService(string service, string reason);

    [LoggerMessage(6602, LogLevel.Information, "The zone of the machine {Node} cannot be read (it needs the verb get on nodes), its pods have none: {Reason}")]
    private partial void LogNoZone(string node, string reason);

    [LoggerMessage(6603, LogLevel.Information, "Whether the pod {Pod} is gone cannot be asked (it needs the verb list on pods), so it is not held to be: {Reason}")]
    private partial void LogNotConfirmed(string pod, string reason);
}
