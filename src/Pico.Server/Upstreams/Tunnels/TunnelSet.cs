using System.Collections.Concurrent;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>The agents' tunnels that end at this node.</summary>
internal sealed class TunnelSet
{
    private readonly ConcurrentDictionary<TunnelRecord, byte> _tunnels = new();
    private int _count;
    private long _endedReceived;
    private long _endedSent;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

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
            var (received, sent) = (Interlocked.Read(ref _endedReceived), Interlocked.Read(ref _endedSent));
            foreach (var tunnel in All)
            {
                var bytes = tunnel.Connection.Bytes;
                received += bytes.Received;
                sent += bytes.Sent;
            }

            return (received, sent);
        }
    }

    /// <summary>Adds a tunnel.</summary>
    public void Add(TunnelRecord tunnel)
    {
        if (_tunnels.TryAdd(tunnel, 0))
            Interlocked.Increment(ref _count);
    }

    /// <summary>Removes a tunnel that is over.</summary>
    public void Remove(TunnelRecord tunnel)
    {
        if (!_tunnels.TryRemove(tunnel, out _))
            return;

        Interlocked.Decrement(ref _count);
        var bytes = tunnel.Connection.Bytes;
        Interlocked.Add(ref _endedReceived, bytes.Received);
        Interlocked.Add(ref _endedSent, bytes.Sent);
    }
}
