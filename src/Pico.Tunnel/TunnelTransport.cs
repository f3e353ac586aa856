namespace Pico.Tunnel;

/// <summary>
/// The ordered, reliable byte connection under a tunnel. The boundaries of what <see cref="SendAsync"/> was given
/// need not survive. One caller sends and one receives at any time.
/// </summary>
public abstract class TunnelTransport : IAsyncDisposable
{
    /// <summary>Bytes in front of what is sent that are the transport's to write to: room for its framing, so that nothing is copied for it.</summary>
    public const int Headroom = 16;

    /// <summary>The peer's address, for logs and status.</summary>
    public abstract string RemoteAddress { get; }

    /// <summary>
    /// Receives at least one byte into <paramref name="buffer"/>, framing included; 0 means that the peer closed. With an empty buffer it
    /// waits until something can be received (or the peer closed), so that no buffer is held while idle.
    /// </summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>
    /// Finds the tunnel's bytes in what was received: <paramref name="skip"/> bytes of framing, then <paramref name="payload"/> bytes. Called by the
    /// receiver, in order, with all that is there from where the last call ended; it may change the payload in place. False when more must be
    /// received to tell. Throws <see cref="TunnelException"/> when the peer breaks the framing.
    /// </summary>
    public virtual bool TryUnwrap(Span<byte> received, out int skip, out int payload)
    {
        (skip, payload) = (0, received.Length);
        return payload > 0;
    }

    /// <summary>Sends all of <paramref name="batch"/> from <see cref="Headroom"/> on; the transport may change all of it.</summary>
    public abstract ValueTask SendAsync(Memory<byte> batch);

    /// <summary>
    /// Says orderly that nothing more will be sent, and returns within <paramref name="deadline"/> whatever the peer does. Somebody goes on receiving
    /// meanwhile, for a transport may wait for the peer's own close.
    /// </summary>
    public abstract ValueTask CloseAsync(TimeSpan deadline);

    /// <summary>Ends the connection at once; pending calls fail. Safe to call at any time, from any thread, repeatedly.</summary>
    public abstract void Abort();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
