namespace Pico.Agent.Endpoints;

/// <summary>
/// The endpoints that this agent serves now: those of the flags and those of the file. Readers take a snapshot; whoever must follow
/// takes <see cref="Changed"/> first, then the snapshot, then waits.
/// </summary>
internal sealed class EndpointTable(TimeProvider time)
{
    private readonly Lock _lock = new();
    private volatile Dictionary<string, Endpoint> _endpoints = [];
    private volatile TaskCompletionSource _changed = NewSignal();

    /// <summary>By endpoint ID; never changed after it was given out.</summary>
    public IReadOnlyDictionary<string, Endpoint> Endpoints => _endpoints;

    /// <summary>Completes at the next change of the table, or of some endpoint's health.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Takes <paramref name="specs"/> (no ID twice) for the old ones. An endpoint whose spec is the same stays the same object.</summary>
    public void Update(IEnumerable<EndpointSpec> specs)
    {
        lock (_lock)
        {
            var next = new Dictionary<string, Endpoint>(StringComparer.Ordinal);
            foreach (var spec in specs)
                next.Add(spec.Id, _endpoints.TryGetValue(spec.Id, out var old) && old.Spec == spec ? old : new Endpoint(spec, time));
            _endpoints = next;
        }

        SignalChange();
    }

    /// <summary>Wakes those who wait for <see cref="Changed"/>.</summary>
    public void SignalChange() => Interlocked.Exchange(ref _changed, NewSignal()).SetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
