using System.Buffers;
using System.IO.Pipelines;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel;

/// <summary>
/// One bidirectional byte flow inside a tunnel. One reader and one writer may use it at the same time.
/// Each direction ends by itself (half-close); <see cref="Abort"/> ends both at once.
/// It is over, and forgotten by the tunnel, when both directions have ended and <see cref="Input"/> was completed.
/// </summary>
public sealed class TunnelStream : IAsyncDisposable
{
    /// <summary>The stream's number on the wire.</summary>
    public uint Id => throw new NotImplementedException();

    /// <summary>The tunnel that the stream belongs to.</summary>
    public TunnelConnection Tunnel => throw new NotImplementedException();

    /// <summary>
    /// What the peer sends. Ends (IsCompleted) at the peer's half-close; throws <see cref="StreamException"/> after a reset or
    /// when the tunnel is lost. What is consumed gives the peer new window, so back-pressure is: do not read.
    /// Completing it early (<see cref="PipeReader.Complete"/>) throws away what still comes.
    /// </summary>
    public PipeReader Input => throw new NotImplementedException();

    /// <summary>True once the peer has half-closed, reset, or the tunnel was lost, though data may still be unread in <see cref="Input"/>.</summary>
    public bool IsInputClosed => throw new NotImplementedException();

    /// <summary>Accepts a stream that the peer opened.</summary>
    public void Accept() => throw new NotImplementedException();

    /// <summary>Refuses a stream that the peer opened; it is over. <paramref name="message"/> is for people, at most 1,000 characters.</summary>
    public void Refuse(StreamError error, string message) => throw new NotImplementedException();

    /// <summary>
    /// Sends <paramref name="data"/>; completes when the tunnel has taken all of it (copied into what it sends next), which
    /// waits for the peer's window and for the stream's turn. The data must not change until then. A cancelled write leaves the
    /// stream in an unknown position: only <see cref="Abort"/> may follow. Throws <see cref="StreamException"/> when the stream was
    /// reset or its tunnel lost.
    /// </summary>
    public ValueTask WriteAsync(ReadOnlySequence<byte> data, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc cref="WriteAsync(ReadOnlySequence{byte}, CancellationToken)"/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Half-closes: the peer's reader comes to its end after all that was written. Idempotent; no write may be pending.</summary>
    public void CompleteOutput() => throw new NotImplementedException();

    /// <summary>
    /// Resets the stream: both directions end at once, on both sides, with <paramref name="error"/>. Safe from any thread, repeatedly, also
    /// while reads and writes are pending (they fail with <see cref="StreamException"/>). Does nothing when both directions have ended.
    /// </summary>
    public void Abort(StreamError error) => throw new NotImplementedException();

    /// <summary>
    /// The same stream as a <see cref="Stream"/> (reads, writes, flush; disposing it disposes of this), for libraries that need one.
    /// </summary>
    public Stream AsStream() => throw new NotImplementedException();

    /// <summary>Completes <see cref="Input"/>; what has not ended orderly is reset as <see cref="StreamError.Cancelled"/>.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
