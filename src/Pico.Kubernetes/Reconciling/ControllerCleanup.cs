using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Reconciling;

/// <summary>
/// What an uninstallation leaves to do. (1) If the controllers' Deployment is named, it is scaled to none, and waited for: a controller would make everything anew. (2) What
/// controllers have made in the namespaces of users is removed, (3) and what they have made in their own. PicoEndpoints stay.
/// </summary>
public sealed partial class ControllerCleanup : IDisposable
{
    private const int PageSize = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ControllerOptions _options;
    private readonly string _deployment;
    private readonly KubeClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Reads how the API server is reached. Throws <see cref="IOException"/> when there is no usable configuration.</summary>
    /// <param name="options">Where the controllers worked, and the names of their Lease and Secret.</param>
    /// <param name="deployment">Their Deployment, in their own namespace; empty: none runs any more.</param>
    /// <param name="loggers">Where logs go. It stays the caller's.</param>
    /// <param name="time">The clock.</param>
    public ControllerCleanup(ControllerOptions options, string deployment, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        var configuration = KubeConnection.Configure(options.KubeConfigFile);
        if (options.Namespace.Length == 0)
            options.Namespace = configuration.Namespace is { Length: > 0 } own ? own : "default";
        (_options, _deployment, _time) = (options, deployment, time);
        _client = KubeConnection.Connect(configuration, time);
        _logger = loggers.CreateLogger("Pico.Kubernetes");
    }

    internal ControllerCleanup(ControllerOptions options, string deployment, KubeClient client, TimeProvider time, ILogger logger) =>
        (_options, _deployment, _client, _time, _logger) = (options, deployment, client, time, logger);

    /// <summary>Does it; gives how many objects were removed. Throws <see cref="KubeApiException"/> when a permission is missing.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (_deployment.Length > 0)
            await StopControllersAsync(new ObjectKey(_options.Namespace, _deployment), cancellationToken); // 1.
        var count = 0;
        foreach (var @namespace in _options.WatchNamespaces.Count > 0 ? _options.WatchNamespaces : (IReadOnlyList<string?>)[null])
        {
            // 2.
            var managed = new ListQuery(@namespace, LabelSelector: PicoNames.ManagedSelector);
            count += await RemoveAsync(ResourceTypes.Deployments, managed, cancellationToken);
            count += await RemoveAsync(ResourceTypes.ServiceAccounts, managed, cancellationToken);
            count += await RemoveAsync(ResourceTypes.ConfigMaps, ListQuery.ForName(@namespace, PicoNames.ConfigMap), cancellationToken);
        }

        count += await RemoveAsync(ResourceTypes.Leases, ListQuery.ForName(_options.Namespace, _options.Leadership.LeaseName), cancellationToken); // 3.
        return count + await RemoveAsync(ResourceTypes.Secrets, ListQuery.ForName(_options.Namespace, _options.Webhook.SecretName), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task StopControllersAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        var deployment = await _client.GetAsync(ResourceTypes.Deployments, key.Namespace, key.Name, cancellationToken);
        if (deployment?.Spec.Selector.MatchLabels is not { Count: > 0 } labels)
        {
            LogNoDeployment($"{key}");
            return;
        }

        await _client.MergeAsync(ResourceTypes.Deployments, key, "scale", new JsonObject { ["spec"] = new JsonObject { ["replicas"] = 0 } }, cancellationToken);
        var pods = new ListQuery(key.Namespace, LabelSelector: string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")));
        while ((await _client.ListAsync(ResourceTypes.Pods, pods, 1, "", cancellationToken)).Items.Count > 0)
            await Task.Delay(Pause, _time, cancellationToken);
        LogStopped($"{key}");
    }

    private async Task<int> RemoveAsync<T>(ResourceType<T> type, ListQuery query, CancellationToken cancellationToken)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var count = 0;
        var next = "";
        do
        {
            var page = await _client.ListAsync(type, query, PageSize, next, cancellationToken);
            foreach (var item in page.Items)
            {
                // Where a name is asked for, it may be somebody else's.
                if (item.Metadata.Labels is not { } labels || !labels.TryGetValue(PicoNames.ManagedBy, out var by) || by != PicoNames.Controller)
                    continue;
                if (!await _client.DeleteAsync(type, ObjectKey.Of(item.Metadata), item.Metadata.Uid, cancellationToken))
                    continue;
                count++;
                LogRemoved(type.Kind, $"{ObjectKey.Of(item.Metadata)}");
            }

            next = page.Metadata.ContinueProperty ?? "";
        }
        while (next.Length > 0);
        return count;
    }

    [LoggerMessage(6541, LogLevel.Information, "Removed {Kind} {Key}")]
    private partial void LogRemoved(string kind, string key);

    [LoggerMessage(6542, LogLevel.Information, "The Deployment {Deployment} is scaled to none, and its pods are gone")]
    private partial void LogStopped(string deployment);

    [LoggerMessage(6543, LogLevel.Information, "There is no Deployment {Deployment} to stop")]
    private partial void LogNoDeployment(string deployment);
}
