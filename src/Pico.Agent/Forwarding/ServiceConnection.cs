namespace Pico.Agent.Forwarding;

/// <summary>A connection to a service (or, in <c>forward</c>, to a client): one reader and one writer at a time.</summary>
internal abstract class ServiceConnection : IDisposable
{
    /// <summary>0 is the end. With an empty buffer it waits until something can be read, so that idle connections hold no buffer.</summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>
    /// Receives what is there: -1 when nothing is, 0 at the end. For a connection that cannot tell, after something was received, it may wait.
    /// </summary>
    public abstract ValueTask<int> TryReceiveAsync(Memory<byte> buffer);

    /// <summary>Sends all of <paramref name="data"/>.</summary>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> data);

    /// <summary>Half-close: the peer comes to its end after all that was sent.</summary>
    public abstract ValueTask CompleteSendAsync();

    /// <summary>Ends the connection at once with a TCP reset; pending calls fail. Idempotent, from any thread.</summary>
    public abstract void Abort();

    /// <inheritdoc/>
    public abstract void Dispose();
}
