namespace Pico.Server.Upstreams;

/// <summary>Closes idle streams that are not needed, by one heartbeat for all upstreams.</summary>
internal sealed class IdleStreamTrimmer : IAsyncDisposable
{
    /// <summary>How often idle streams are looked at.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly RouteTable _routes;
    private readonly ITimer _timer;

    public IdleStreamTrimmer(RouteTable routes, TimeProvider time)
    {
        _routes = routes;
        _timer = time.CreateTimer(static state => ((IdleStreamTrimmer)state!).Trim(), this, Interval, Interval);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Trim()
    {
        foreach (var endpoint in _routes.Endpoints)
        {
            foreach (var upstream in endpoint.Upstreams)
                upstream.TrimIdle();
        }
    }
}
