namespace Pico.Gossip;

/// <summary>What a node counts since it started. Safe from any thread.</summary>
public sealed class GossipCounters
{
    private readonly long[] _dropped = new long[Enum.GetValues<PacketDrop>().Length];
    private long _packetsReceived;
    private long _packetsSent;
    private long _bytesReceived;
    private long _bytesSent;
    private long _syncs;
    private long _syncsFailed;
    private long _suspicions;
    private long _refutations;

    /// <summary>Packets received (UDP), the dropped ones included.</summary>
    public long PacketsReceived => Volatile.Read(ref _packetsReceived);

    /// <summary>Packets sent (UDP).</summary>
    public long PacketsSent => Volatile.Read(ref _packetsSent);

    /// <summary>Bytes received by UDP and TCP, without the headers of IP, UDP and TCP.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>Bytes sent by UDP and TCP, without the headers of IP, UDP and TCP.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Exchanges of state over TCP that were completed, on either side.</summary>
    public long Syncs => Volatile.Read(ref _syncs);

    /// <summary>Exchanges of state over TCP that failed.</summary>
    public long SyncsFailed => Volatile.Read(ref _syncsFailed);

    /// <summary>Members that this node found not to answer.</summary>
    public long Suspicions => Volatile.Read(ref _suspicions);

    /// <summary>How often this node had to say that it lives.</summary>
    public long Refutations => Volatile.Read(ref _refutations);

    /// <summary>Packets and connections thrown away, by reason.</summary>
    public long Dropped(PacketDrop reason) => Volatile.Read(ref _dropped[(int)reason]);

    internal void Received(int bytes)
    {
        Interlocked.Increment(ref _packetsReceived);
        Interlocked.Add(ref _bytesReceived, bytes);
    }

    internal void Sent(int bytes)
    {
        Interlocked.Increment(ref _packetsSent);
        Interlocked.Add(ref _bytesSent, bytes);
    }

    internal void Streamed(long received, long sent)
    {
        Interlocked.Add(ref _bytesReceived, received);
        Interlocked.Add(ref _bytesSent, sent);
    }

    internal void Drop(PacketDrop reason) => Interlocked.Increment(ref _dropped[(int)reason]);

    internal void SyncEnded(bool complete) => Interlocked.Increment(ref complete ? ref _syncs : ref _syncsFailed);

    internal void Suspected() => Interlocked.Increment(ref _suspicions);

    internal void Refuted() => Interlocked.Increment(ref _refutations);
}
