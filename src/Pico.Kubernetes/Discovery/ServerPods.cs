using System.Threading.Channels;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Discovery;

/// <summary>
/// The pods behind the servers' headless Service, by the Kubernetes API: (1) the Service's selector; (2) an informer on the pods that it selects; (3) each
/// change told to the observer, with the zone of the pod's machine where that may be read. The API server may be away, or the permission missing: then
/// nothing is told, and it is tried again for ever.
/// </summary>
public sealed partial class ServerPods : IDisposable
{
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    private readonly KubeClient _client;
    private readonly string _namespace;
    private readonly string _service;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), Random.Shared.NextDouble);

    // By machine; a machine does not change its zone.
    private readonly Dictionary<string, string> _zones = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServerPod> _told = new(StringComparer.Ordinal);

    /// <summary>Asks nothing yet. Throws <see cref="IOException"/> when the API server's address and credentials cannot be read: this is no pod then.</summary>
    /// <param name="kubeConfigFile">A kubeconfig file; empty: the pod's ServiceAccount.</param>
    /// <param name="namespace">The Service's namespace; empty: the pod's own.</param>
    /// <param name="service">The headless Service.</param>
    /// <param name="loggers">Where troubles are told.</param>
    /// <param name="time">The clock.</param>
    public ServerPods(string kubeConfigFile, string @namespace, string service, ILoggerFactory loggers, TimeProvider time)
        : this(KubeConnection.Configure(kubeConfigFile), @namespace, service, loggers, time)
    {
    }

    internal ServerPods(KubeClient client, string @namespace, string service, ILogger logger, TimeProvider time)
    {
        _client = client;
        _namespace = @namespace;
        _service = service;
        _logger = logger;
        _time = time;
    }

    private ServerPods(k8s.KubernetesClientConfiguration configuration, string @namespace, string service, ILoggerFactory loggers, TimeProvider time)
        : this(
            KubeConnection.Connect(configuration, time), @namespace.Length > 0 ? @namespace : configuration.Namespace ?? "default", service,
            loggers.CreateLogger("Pico.Kubernetes"), time)
    {
    }

    /// <summary>Tells <paramref name="observer"/> until <paramref name="stop"/>.</summary>
    public async Task RunAsync(IServerPodObserver observer, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(observer);
        try
        {
            var selector = await SelectorAsync(stop); // 1.
            var changed = Channel.CreateUnbounded<(ServerPod? Before, ServerPod? After)>(new UnboundedChannelOptions { SingleReader = true });
            var store = new ObjectStore<ServerPod>();
            store.Changed += (_, before, after) => changed.Writer.TryWrite((before, after));
            var informer = new Informer<V1Pod, ServerPod>( // 2.
                _client, ResourceTypes.Pods, new ListQuery(_namespace, LabelSelector: selector), ServerPod.Of, store, _time, _logger);
            await Task.WhenAll(informer.RunAsync(stop), TellAsync(changed.Reader, observer, stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked for.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<string> SelectorAsync(CancellationToken stop)
    {
        while (true)
        {
            var trouble = "it has no selector";
            try
            {
                var service = await _client.GetAsync(ResourceTypes.Services, _namespace, _service, stop);
                if (service?.Spec?.Selector is { Count: > 0 } selector)
                    return string.Join(',', selector.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}={s.Value}"));
                trouble = service is null ? "there is none" : trouble;
            }
            catch (Exception e) when (e is KubeApiException or HttpRequestException or TimeoutException)
            {
                trouble = e.Message;
            }

            LogNoService($"{_namespace}/{_service}", trouble);
            await Task.Delay(_backoff.Next(), _time, stop);
        }
    }

    // 3.
    private async Task TellAsync(ChannelReader<(ServerPod? Before, ServerPod? After)> changed, IServerPodObserver observer, CancellationToken stop)
    {
        await foreach (var (before, after) in changed.ReadAllAsync(stop))
        {
            if (before is not null && before.Uid != after?.Uid && _told.Remove(before.Uid, out var gone))
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
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            return ""; // asked again with the pod's next change
        }

        return _zones[node] = zone;
    }

    [LoggerMessage(6601, LogLevel.Warning, "The servers' Service {Service} cannot be read from the Kubernetes API, it is tried again: {Reason}")]
    private partial void LogNoService(string service, string reason);

    [LoggerMessage(6602, LogLevel.Information, "The zone of the machine {Node} cannot be read, its pods have none: {Reason}")]
    private partial void LogNoZone(string node, string reason);
}
