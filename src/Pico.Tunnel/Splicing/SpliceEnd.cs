using System.Buffers;
using System.IO.Pipelines;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel.Splicing;

/// <summary>One of the two byte connections that <see cref="StreamSplice"/> joins.</summary>
public abstract class SpliceEnd
{
    /// <summary>What the peer sends. Its end is a half-close; it throws when the connection broke.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>Sends all of <paramref name="data"/>, at the pace at which the peer takes it. Throws when the connection broke.</summary>
    public abstract ValueTask WriteAsync(ReadOnlySequence<byte> data);

    /// <summary>Half-closes: the peer comes to its end after all that was written.</summary>
    public abstract void CompleteOutput();

    /// <summary>Ends both directions at once, so that the peer cannot take it for an orderly end. From any thread, repeatedly.</summary>
    public abstract void Abort(StreamError error);
}
