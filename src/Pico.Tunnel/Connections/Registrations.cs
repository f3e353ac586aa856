using Pico.Tunnel.Protocol;

namespace Pico.Tunnel.Connections;

/// <summary>
/// The registrations of one tunnel: this side's requests that wait for their answers, and the peer's that are in force or asked for.
/// Guarded by the tunnel's gate; answers complete asynchronously, so no code of others runs under it.
/// </summary>
internal sealed class Registrations(int maxFromPeer)
{
    // A node asks for nothing, and may have ten thousand tunnels.
    private Dictionary<uint, TaskCompletionSource<string?>>? _registering;
    private Dictionary<uint, TaskCompletionSource<string?>>? _deregistering;
    private readonly HashSet<uint> _fromPeer = [];

    /// <summary>Waits for the answer to REGISTER: null when accepted, else the reason.</summary>
    public Task<string?> BeginRegister(uint id) => _registering?.ContainsKey(id) == true
        ? throw new InvalidOperationException($"Registration {id} is being asked about already.")
        : Begin(ref _registering, id);

    /// <summary>Waits for the answer to DEREGISTER. Who gave up waiting may ask again; the first answer is for both.</summary>
    public Task<string?> BeginDeregister(uint id) => Begin(ref _deregistering, id);

    /// <summary>The peer answered REGISTER; false if nobody waits for that (any more).</summary>
    public bool EndRegister(uint id, string? refusal) => End(_registering, id, refusal);

    /// <summary>The peer answered DEREGISTER; false if nobody waits for that (any more).</summary>
    public bool EndDeregister(uint id) => End(_deregistering, id, null);

    /// <summary>The peer registers: gives the reason to refuse at once, or null when the tunnel's owner is to be asked.</summary>
    public string? AddFromPeer(uint id)
    {
        if (id == 0)
            throw new ProtocolViolationException("a registration has the ID 0");
        if (_fromPeer.Count >= maxFromPeer)
            return $"a tunnel may have at most {maxFromPeer} registrations";
        if (!_fromPeer.Add(id))
            throw new ProtocolViolationException($"registration {id} was used twice");
        return null;
    }

    /// <summary>The peer's registration is refused or withdrawn; false if there was none.</summary>
    public bool RemoveFromPeer(uint id) => _fromPeer.Remove(id);

    /// <summary>The tunnel is over: nobody will answer.</summary>
    public void Fail(TunnelException reason)
    {
        foreach (var waiters in (ReadOnlySpan<Dictionary<uint, TaskCompletionSource<string?>>?>)[_registering, _deregistering])
        {
            if (waiters is null)
                continue;
            foreach (var waiter in waiters.Values)
                waiter.TrySetException(reason);
        }

        _registering = _deregistering = null;
    }

    private static Task<string?> Begin(ref Dictionary<uint, TaskCompletionSource<string?>>? waiters, uint id)
    {
        waiters ??= [];
        if (!waiters.TryGetValue(id, out var waiter))
            waiters[id] = waiter = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        return waiter.Task;
    }

    private static bool End(Dictionary<uint, TaskCompletionSource<string?>>? waiters, uint id, string? answer) =>
        waiters is not null && waiters.Remove(id, out var waiter) && waiter.TrySetResult(answer);
}
