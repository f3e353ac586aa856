using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Reconciling;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Discovery;

/// <summary>
/// Which namespace has which endpoint ID by its PicoEndpoints, for those who judge credentials. By the rule of the controller: of several claims the oldest holds,
/// and what is not valid claims nothing. While the API server is away, what was known last stands. From any thread.
/// </summary>
public sealed partial class EndpointClaims
{
    // An API server that has just started does not know of resource definitions yet, and says of what they define that it does not exist.
    private const int RefusalsToBelieve = 4;

    private readonly EndpointIndex _index = new();
    private readonly Informer<PicoEndpoint, PicoEndpoint>[] _informers;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _noResource = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _refusals; // in a row, of all informers

    /// <summary>Asks nothing yet.</summary>
    /// <param name="access">The API server; it stays the caller's.</param>
    /// <param name="namespaces">The namespaces whose PicoEndpoints count; empty: all.</param>
    /// <param name="loggers">Where troubles are told.</param>
    /// <param name="time">The clock.</param>
    public EndpointClaims(KubeAccess access, IReadOnlyList<string> namespaces, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(access);
        ArgumentNullException.ThrowIfNull(namespaces);
        _logger = loggers.CreateLogger("Pico.Kubernetes");
        var store = new ObjectStore<PicoEndpoint>();
        store.Changed += (_, before, after) => Note(before, after);
        IEnumerable<string?> everywhere = [null];
        _informers = [.. (namespaces.Count > 0 ? namespaces.Distinct(StringComparer.Ordinal) : everywhere).Select(n => new Informer<PicoEndpoint, PicoEndpoint>(
            access.Client, ResourceTypes.PicoEndpoints, new ListQuery(n), Trim, store, time, _logger, OnFailure))];
        Known = Task.WhenAny(Task.WhenAll(_informers.Select(i => i.Synced)), _noResource.Task);
    }

    /// <summary>An endpoint ID may have another owner than before. What hears it only notes it.</summary>
    public event Action<string>? Changed;

    /// <summary>
    /// Completes when every claim is known for the first time. Also when the API server says again and again that it has no such kind of object, and never had one: then nobody can have claimed
    /// anything. Before that, nobody's claim is known. An API server that says so later changes nothing of what is known.
    /// </summary>
    public Task Known { get; }

    /// <summary>The namespace that has the ID, in either case; null if nobody claims it.</summary>
    public string? OwnerOf(string endpointId) => _index.Owner(endpointId)?.Key.Namespace;

    /// <summary>Follows the claims until <paramref name="stop"/>.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_informers.Select(i => i.RunAsync(stop)));

    private void Note(PicoEndpoint? before, PicoEndpoint? after)
    {
        _index.Note(before, after);
        if (before?.Spec.EndpointId is { } former)
            Changed?.Invoke(former);
        if (after?.Spec.EndpointId is { } present && !string.Equals(present, before?.Spec.EndpointId, StringComparison.OrdinalIgnoreCase))
            Changed?.Invoke(present);
    }

    private void OnFailure(Exception failure)
    {
        if (failure is not KubeApiException { IsNotFound: true })
            Volatile.Write(ref _refusals, 0);
        else if (!Array.Exists(_informers, static i => i.Synced.IsCompleted) && Interlocked.Increment(ref _refusals) >= RefusalsToBelieve * _informers.Length && _noResource.TrySetResult())
            LogNoResource();
    }

    private static PicoEndpoint Trim(PicoEndpoint endpoint)
    {
        endpoint.Metadata.ManagedFields = null;
        endpoint.Metadata.Annotations = null;
        endpoint.Status = null;
        return endpoint;
    }

    [LoggerMessage(6611, LogLevel.Warning, "The cluster has no PicoEndpoints (their CustomResourceDefinition is not installed): no endpoint is claimed by a namespace")]
    private partial void LogNoResource();
}
