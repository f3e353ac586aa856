namespace Pico.Tunnel.Streams;

/// <summary>Counts the payload of all streams that it is given to (<see cref="TunnelStream.Traffic"/>), as it passes. Safe from any thread.</summary>
public sealed class StreamTraffic
{
    private long _received;
    private long _sent;

    /// <summary>Bytes that owners of streams have taken so far, from the peers.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Bytes that were taken for sending so far, to the peers.</summary>
    public long Sent => Volatile.Read(ref _sent);

    internal void AddReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    internal void AddSent(int bytes) => Interlocked.Add(ref _sent, bytes);
}
