using Pico.Server.Auth;
using Pico.Server.Limits;
using Pico.Server.Proxy;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>
/// What an agent's token lets through one tunnel: requests and connections at once (<c>pico.maxStreams</c>) and per second (<c>pico.rateLimit</c>), over all of the
/// tunnel's endpoints. Streams that are kept idle do not count.
/// </summary>
internal sealed class TokenShare
{
    private readonly Load _load = new();
    private readonly int _atOnce;
    private readonly Rate? _rate;
    private readonly TimeProvider _time;

    private TokenShare(int atOnce, int perSecond, TimeProvider time)
    {
        (_atOnce, _time) = (atOnce, time);
        _rate = Rate.PerSecond(perSecond, time);
    }

    /// <summary>The share of a tunnel that was opened with <paramref name="token"/>; null if the token limits nothing.</summary>
    public static TokenShare? Of(VerifiedToken token, TimeProvider time) =>
        token.MaxStreams is null && token.RateLimit is null ? null : new(token.MaxStreams ?? 0, token.RateLimit ?? 0, time);

    /// <summary>Counts a request in, or gives the error to refuse it with if no other tunnel takes it. Every success is paired with one <see cref="Exit"/>.</summary>
    public ProxyError Enter()
    {
        if (!_load.TryEnter(_atOnce))
            return ProxyError.Overloaded;
        if (_load.TryTake(_rate, _time.GetTimestamp()))
            return ProxyError.None;
        _load.Exit();
        return ProxyError.RateLimited;
    }

    /// <summary>Counts a request out.</summary>
    public void Exit() => _load.Exit();
}
