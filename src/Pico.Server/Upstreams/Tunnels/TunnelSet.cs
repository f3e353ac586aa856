using System.Collections.Concurrent;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>The agents' tunnels that end at this node.</summary>
internal sealed class TunnelSet
{
    private readonly ConcurrentDictionary<TunnelRecord, byte> _tunnels = new();
    private int _count;
    private long _opened;
    private readonly Lock _ending = new(); // a tunnel leaves and its bytes stay at one moment
    private (long Received, long Sent) _ended; // under _ending

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

    /// <summary>Payload bytes received and sent by all tunnels, those that are over included: never goes back.</summary>
    public (long Received, long Sent) Bytes
    {
        get
        {
            lock (_ending)
            {
                var (received, sent) = _ended;
                foreach (var tunnel in All)
                {
                    var bytes = tunnel.Connection.Bytes;
                    received += bytes.Received;
                    sent += bytes.Sent;
                }

                return (received, sent);
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
            var bytes = tunnel.Connection.Bytes;
            _ended = (_ended.Received + bytes.Received, _ended.Sent + bytes.Sent);
        }

        Removed?.Invoke(tunnel);
    }
}
