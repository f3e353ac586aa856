using System.Collections.Concurrent;
using Pico.Tunnel;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>The agents' tunnels that end at this node.</summary>
internal sealed class TunnelSet
{
    private readonly ConcurrentDictionary<TunnelRecord, byte> _tunnels = new();
    private int _count;
    private long _opened;
    private readonly Lock _ending = new(); // a tunnel leaves and its bytes stay at one moment
    private TunnelTotals _ended; // under _ending

    /// <summary>A tunnel begins. Called after the change.</summary>
    public event Action<TunnelRecord>? Added;

    /// <summary>A tunnel is over. Called after the change.</summary>
    public event Action<TunnelRecord>? Removed;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many there ever were.</summary>
    public long Opened => Interlocked.Read(ref _opened);

    /// <summary>The tunnels at this moment.</summary>
    public IEnumerable<TunnelRecord> All
    {
        get
        {
            foreach (var (tunnel, _) in _tunnels)
                yield return tunnel;
        }
    }

    /// <summary>What all tunnels did, those that are over included: never goes back.</summary>
    public TunnelTotals Totals
    {
        get
        {
            lock (_ending)
            {
                return All.Aggregate(_ended, static (sum, tunnel) => sum.With(tunnel.Connection));
            }
        }
    }

    /// <summary>Adds a tunnel.</summary>
    public void Add(TunnelRecord tunnel)
    {
        tunnel.Number = Interlocked.Increment(ref _opened);
        if (_tunnels.TryAdd(tunnel, 0))
            Interlocked.Increment(ref _count);
        Added?.Invoke(tunnel);
    }

    /// <summary>Removes a tunnel that is over.</summary>
    public void Remove(TunnelRecord tunnel)
    {
        lock (_ending)
        {
            if (!_tunnels.TryRemove(tunnel, out _))
                return;

            Interlocked.Decrement(ref _count);
            _ended = _ended.With(tunnel.Connection);
        }

        Removed?.Invoke(tunnel);
    }
}

/// <summary>What tunnels did so far: payload bytes received and sent, and how often a stream waited for the agent's side to take what was sent before.</summary>
internal readonly record struct TunnelTotals(long Received, long Sent, long WindowWaits)
{
    /// <summary>The sum with one more tunnel.</summary>
    public TunnelTotals With(TunnelConnection tunnel)
    {
        var (received, sent) = tunnel.Bytes;
        return new TunnelTotals(Received + received, Sent + sent, WindowWaits + tunnel.WindowWaits);
    }
}
