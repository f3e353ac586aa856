namespace Pico.Tunnel;

/// <summary>
/// The ordered, reliable byte connection under a tunnel. The boundaries of what <see cref="SendAsync"/> was given
/// need not survive. One caller sends and one receives at any time.
/// </summary>
public abstract class TunnelTransport : IAsyncDisposable
{
    /// <summary>The peer's address, for logs and status.</summary>
    public abstract string RemoteAddress { get; }

    /// <summary>
    /// Receives at least one byte into <paramref name="buffer"/>; 0 means that the peer closed. With an empty buffer it
    /// waits until something can be received (or the peer closed), so that no buffer is held while idle.
    /// </summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>Sends all of <paramref name="batch"/>.</summary>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> batch);

    /// <summary>Says orderly that nothing more will be sent, and returns within <paramref name="deadline"/> whatever the peer does.</summary>
    public abstract ValueTask CloseAsync(TimeSpan deadline);

    /// <summary>Ends the connection at once; pending calls fail. Safe to call at any time, from any thread, repeatedly.</summary>
    public abstract void Abort();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
