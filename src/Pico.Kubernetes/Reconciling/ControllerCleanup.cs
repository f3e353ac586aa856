using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Reconciling;

/// <summary>Removes everything that controllers have made, once none runs any more: what an uninstallation leaves to do. PicoEndpoints stay.</summary>
public sealed partial class ControllerCleanup : IDisposable
{
    private const int PageSize = 500;

    private readonly ControllerOptions _options;
    private readonly KubeClient _client;
    private readonly ILogger _logger;

    /// <summary>Reads how the API server is reached. Throws <see cref="IOException"/> when there is no usable configuration.</summary>
    public ControllerCleanup(ControllerOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        var configuration = KubeConnection.Configure(options.KubeConfigFile);
        if (options.Namespace.Length == 0)
            options.Namespace = configuration.Namespace is { Length: > 0 } own ? own : "default";
        _options = options;
        _client = KubeConnection.Connect(configuration, time);
        _logger = loggers.CreateLogger("Pico.Kubernetes");
    }

    internal ControllerCleanup(ControllerOptions options, KubeClient client, ILogger logger) => (_options, _client, _logger) = (options, client, logger);

    /// <summary>Removes it; gives how many objects that were.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var @namespace in _options.WatchNamespaces.Count > 0 ? _options.WatchNamespaces : (IReadOnlyList<string?>)[null])
        {
            var managed = new ListQuery(@namespace, LabelSelector: PicoNames.ManagedSelector);
            count += await RemoveAsync(ResourceTypes.Deployments, managed, cancellationToken);
            count += await RemoveAsync(ResourceTypes.ServiceAccounts, managed, cancellationToken);
            count += await RemoveAsync(ResourceTypes.ConfigMaps, managed, cancellationToken);
        }

        var own = new ListQuery(_options.Namespace, LabelSelector: PicoNames.ManagedSelector);
        count += await RemoveAsync(ResourceTypes.Leases, own, cancellationToken);
        return count + await RemoveAsync(ResourceTypes.Secrets, own, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

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
}
