using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Limits;

/// <summary>How many streams one tunnel may have: <paramref name="most"/>, or 0 for no limit.</summary>
internal sealed class StreamCap(int most, LimitMetrics metrics)
{
    /// <summary>Throws <see cref="StreamException"/> with <see cref="StreamError.TooManyStreams"/> if <paramref name="tunnel"/> may have no more.</summary>
    public void Check(TunnelConnection tunnel)
    {
        if (most == 0 || tunnel.StreamCount < most)
            return;
        metrics.Hit(Limit.StreamsPerTunnel, tunnel.Remote.Name);
        throw new StreamException(StreamError.TooManyStreams, $"the tunnel has {most} streams and may have no more");
    }
}
