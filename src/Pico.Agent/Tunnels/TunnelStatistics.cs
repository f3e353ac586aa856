using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Tunnels;

/// <summary>What became of the agent's tunnels, since the start. Changes are rare, so a lock is cheap enough. Safe from any thread.</summary>
internal sealed class TunnelStatistics
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<TunnelError, long> _ended = [];
    private readonly SortedDictionary<TunnelError, long> _failed = [];
    private long _opened;
    private long _windowWaits;

    /// <summary>Tunnels that were opened.</summary>
    public long Opened => Interlocked.Read(ref _opened);

    /// <summary>How often streams of tunnels that are over waited for window.</summary>
    public long WindowWaits => Interlocked.Read(ref _windowWaits);

    /// <summary>Tunnels that are over, by reason.</summary>
    public IReadOnlyList<KeyValuePair<TunnelError, long>> Ended => Copy(_ended);

    /// <summary>Tries to open one that failed, by reason.</summary>
    public IReadOnlyList<KeyValuePair<TunnelError, long>> Failed => Copy(_failed);

    public void CountOpened() => Interlocked.Increment(ref _opened);

    public void CountEnded(TunnelConnection tunnel, TunnelError reason)
    {
        Interlocked.Add(ref _windowWaits, tunnel.WindowWaits);
        Count(_ended, reason);
    }

    public void CountFailed(TunnelError reason) => Count(_failed, reason);

    private void Count(SortedDictionary<TunnelError, long> counts, TunnelError reason)
    {
        lock (_lock)
            counts[reason] = counts.GetValueOrDefault(reason) + 1;
    }

    private IReadOnlyList<KeyValuePair<TunnelError, long>> Copy(SortedDictionary<TunnelError, long> counts)
    {
        lock (_lock)
            return [.. counts];
    }
}
