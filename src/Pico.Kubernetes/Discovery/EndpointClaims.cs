using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Reconciling;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Discovery;

/// <summary>
/// Which namespace has which endpoint ID by its PicoEndpoints, for those who judge credentials. By the rule of the controller: of several claims the oldest holds,
/// and what is not valid claims nothing. While the API server is away, what was known last stands.
/// </summary>
public sealed class EndpointClaims : IDisposable
{
    private readonly KubeClient _client;
    private readonly EndpointIndex _index = new();
    private readonly Informer<PicoEndpoint, PicoEndpoint> _informer;

    /// <summary>Asks nothing yet. Throws <see cref="IOException"/> when the API server's address and credentials cannot be read.</summary>
    /// <param name="kubeConfigFile">A kubeconfig file; empty: the pod's ServiceAccount.</param>
    /// <param name="loggers">Where troubles are told.</param>
    /// <param name="time">The clock.</param>
    public EndpointClaims(string kubeConfigFile, ILoggerFactory loggers, TimeProvider time)
        : this(KubeConnection.Connect(KubeConnection.Configure(kubeConfigFile), time), loggers.CreateLogger("Pico.Kubernetes"), time)
    {
    }

    internal EndpointClaims(KubeClient client, ILogger logger, TimeProvider time)
    {
        _client = client;
        var store = new ObjectStore<PicoEndpoint>();
        store.Changed += (_, before, after) => _index.Note(before, after);
        _informer = new Informer<PicoEndpoint, PicoEndpoint>(client, ResourceTypes.PicoEndpoints, new ListQuery(), Trim, store, time, logger);
    }

    /// <summary>Completes when every claim is known for the first time. Before that, nobody's claim is.</summary>
    public Task Known => _informer.Synced;

    /// <summary>The namespace that has the ID, in either case; null if nobody claims it.</summary>
    public string? OwnerOf(string endpointId) => _index.Owner(endpointId)?.Key.Namespace;

    /// <summary>Follows the claims until <paramref name="stop"/>.</summary>
    public Task RunAsync(CancellationToken stop) => _informer.RunAsync(stop);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static PicoEndpoint Trim(PicoEndpoint endpoint)
    {
        endpoint.Metadata.ManagedFields = null;
        endpoint.Metadata.Annotations = null;
        endpoint.Status = null;
        return endpoint;
    }
}
