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

    /// <summary>Why this side broke, if it can tell without being read or written; else <see cref="StreamError.None"/>.</summary>
    public virtual StreamError Error => StreamError.None;

    /// <summary>Has <paramref name="callback"/> called when this side breaks, if it can tell; see <see cref="TunnelStream.OnBroken"/>.</summary>
    public virtual void OnBroken(Action<object?> callback, object? state)
    {
        // A side that cannot tell is found broken when it is next read or written.
    }
}
