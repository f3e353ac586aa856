using System.Diagnostics.CodeAnalysis;
using Pico.Tunnel;

namespace Pico.Server.Upstreams;

/// <summary>
/// Idle HTTP/1.1 streams of one upstream, last in first out, so that those beyond the need grow old and are closed.
/// </summary>
internal sealed class IdleStreams
{
    /// <summary>Takes an idle stream that the service has not closed; the caller owns it.</summary>
    public bool TryRent([NotNullWhen(true)] out TunnelStream? stream) => throw new NotImplementedException();

    /// <summary>Keeps a stream whose last response was read to its end; disposes of it when there are enough, or when it was closed.</summary>
    public void Return(TunnelStream stream) => throw new NotImplementedException();
}
