using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>
/// Who claims which endpoint ID. Of several claims the oldest wins: by creation, then namespace, then name, so that every observer names the same one.
/// From any thread.
/// </summary>
internal sealed class EndpointIndex
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<PicoEndpoint>> _claims = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Notes that a resource changed.</summary>
    public void Note(PicoEndpoint? before, PicoEndpoint? after)
    {
        lock (_lock)
        {
            if (before?.Spec.EndpointId is { } old && _claims.TryGetValue(old, out var claims))
            {
                claims.RemoveAll(c => c.Key == before.Key);
                if (claims.Count == 0)
                    _claims.Remove(old);
            }

            if (after?.Spec.EndpointId is { } id)
            {
                if (!_claims.TryGetValue(id, out var others))
                    _claims[id] = others = [];
                others.Add(after);
            }
        }
    }

    /// <summary>Everybody else who claims what <paramref name="endpoint"/> claims or claimed.</summary>
    public IReadOnlyList<ObjectKey> Rivals(PicoEndpoint? endpoint)
    {
        lock (_lock)
        {
            return endpoint?.Spec.EndpointId is { } id && _claims.TryGetValue(id, out var claims)
                ? [.. claims.Select(c => c.Key).Where(k => k != endpoint.Key)]
                : [];
        }
    }

    /// <summary>The resource that has the ID; null if nobody claims it validly.</summary>
    public PicoEndpoint? Owner(string endpointId)
    {
        lock (_lock)
        {
            return _claims.TryGetValue(endpointId, out var claims)
                ? claims.Where(IsValidClaim).MinBy(c => (c.Metadata.CreationTimestamp ?? DateTime.MaxValue, c.Key.Namespace, c.Key.Name), ByAge)
                : null;
        }
    }

    private static Comparer<(DateTime Created, string Namespace, string Name)> ByAge { get; } = Comparer<(DateTime Created, string Namespace, string Name)>.Create(
        (a, b) => a.Created != b.Created ? a.Created.CompareTo(b.Created)
            : string.CompareOrdinal(a.Namespace, b.Namespace) is not 0 and var order ? order
            : string.CompareOrdinal(a.Name, b.Name));

    // What is not valid claims nothing; what is being deleted does no more.
    private static bool IsValidClaim(PicoEndpoint endpoint) =>
        endpoint.Metadata.DeletionTimestamp is null && PicoEndpointRules.Problems(endpoint.Spec).Count == 0;
}
