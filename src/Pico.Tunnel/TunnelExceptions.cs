using Pico.Tunnel.Protocol;

namespace Pico.Tunnel;

/// <summary>A stream was refused, reset or lost. Also an <see cref="IOException"/>, so that stream consumers need no special case.</summary>
public sealed class StreamException(StreamError error, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Who failed, and when.</summary>
    public StreamError Error { get; } = error;
}

/// <summary>A tunnel ended, or was not admitted.</summary>
public sealed class TunnelException(TunnelError error, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Who failed, and when.</summary>
    public TunnelError Error { get; } = error;
}
