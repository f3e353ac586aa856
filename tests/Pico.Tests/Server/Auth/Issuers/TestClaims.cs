using System.Collections.Concurrent;
using Pico.Server.Auth.Ownership;

namespace Pico.Tests.Server.Auth.Issuers;

/// <summary>Who has which endpoint, as a test says.</summary>
internal sealed class TestClaims : IEndpointClaims
{
    private readonly ConcurrentDictionary<string, string> _owners = new(StringComparer.OrdinalIgnoreCase);
    private TaskCompletionSource _known = Completed();

    public event Action<string>? Changed;

    public Task Known => _known.Task;

    public bool IsKnown
    {
        set => _known = value ? Completed() : new TaskCompletionSource();
    }

    /// <summary>Nothing can be said for now.</summary>
    public bool IsBroken { get; set; }

    public string? OwnerOf(string endpointId) => IsBroken ? throw new InvalidOperationException("broken") : _owners.GetValueOrDefault(endpointId);

    public void Claim(string endpointId, string? @namespace)
    {
        if (@namespace is null)
            _owners.TryRemove(endpointId, out _);
        else
            _owners[endpointId] = @namespace;
        Changed?.Invoke(endpointId);
    }

    public Task RunAsync(CancellationToken stop) => Task.CompletedTask;

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
