using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Tunnels;

/// <summary>
/// How long one slot waits after a failure: a random time under a bound that doubles from <paramref name="min"/> to <paramref name="max"/>
/// ("full jitter", so that agents that lost the same server come back spread). Without clock or log.
/// </summary>
internal sealed class ReconnectBackoff(TimeSpan min, TimeSpan max, Func<double> random)
{
    /// <summary>A credential that is rejected is tried again slowly: it may be rotated, but hammering does not help.</summary>
    public static readonly TimeSpan RejectedMin = TimeSpan.FromSeconds(30);

    /// <inheritdoc cref="RejectedMin"/>
    public static readonly TimeSpan RejectedMax = TimeSpan.FromSeconds(60);

    private int _failures;

    public TimeSpan Next(Exception failure)
    {
        if (failure is TunnelLostException { WasLasting: true })
            _failures = 0;
        else if (failure is TunnelException { Error: TunnelError.Unauthorized or TunnelError.TokenExpired })
            return RejectedMin + ((RejectedMax - RejectedMin) * random());
        var bound = Math.Min(max.TotalMilliseconds, min.TotalMilliseconds * Math.Pow(2, Math.Min(_failures, 30)));
        _failures++;
        return TimeSpan.FromMilliseconds(bound * random());
    }
}
