using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;

namespace Pico.Server.Upstreams.Tunnels.Http;

/// <summary>
/// A connection of the upstream port as Kestrel's HTTP sees it, until a request has made a tunnel of it:
/// <code>
///   connection ─1▶ HTTP on the same pipes ─2▶ upgrade: the request says what it is for, and ends ─3▶ the tunnel, on the pipes alone
/// </code>
/// What Kestrel keeps for a request that lasts as long as the tunnel is more than a third of an idle tunnel's memory (measured), and each of its bytes would pass through it. So HTTP
/// gets this in the connection's place: its end, and its heartbeat, are the connection's only as long as there is no tunnel.
/// </summary>
internal sealed class HttpPhase : LentConnection, IConnectionHeartbeatFeature
{
    private readonly HeartbeatTarget _target = new(); // all that the connection keeps of this
    private Action? _beat;

    /// <summary>Nothing of HTTP may have been read yet.</summary>
    public HttpPhase(ConnectionContext connection)
        : base(connection)
    {
        Transport = new BorrowedPipes(connection.Transport, this);
        Features.Set(this);
        Features.Set<IConnectionHeartbeatFeature>(this);
        _target.Phase = this;
        connection.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((HeartbeatTarget)state).Beat(), _target);
    }

    /// <summary>What the connection is a tunnel for; null while it speaks HTTP.</summary>
    public TunnelOffer? Offer { get; private set; }

    /// <summary>Puts this between the connections of a port and their HTTP, behind TLS.</summary>
    public static void UseOn(ListenOptions listening) => listening.Use(next => connection => RunAsync(connection, next, listening.ApplicationServices.GetRequiredService<TunnelAcceptor>()));

    /// <summary>From the request that was answered with an upgrade, and that ends now: the connection is a tunnel.</summary>
    public void Become(TunnelOffer offer) => Offer = offer;

    private static async Task RunAsync(ConnectionContext connection, ConnectionDelegate next, TunnelAcceptor acceptor)
    {
        if (await SpeakAsync(connection, next) is { } offer) // 1, 2
            await acceptor.ServeAsync(offer, connection); // 3
    }

    /// <summary>Speaks HTTP to its end; null unless it has become a tunnel. A method of its own, so that nothing of HTTP outlives it.</summary>
    internal static async Task<TunnelOffer?> SpeakAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var phase = new HttpPhase(connection);
        await next(phase);
        phase._target.Phase = null;
        return phase.Offer;
    }

    /// <inheritdoc/>
    public void OnHeartbeat(Action<object> action, object state) => _beat += () => action(state);

    private sealed class HeartbeatTarget
    {
        public volatile HttpPhase? Phase;

        public void Beat() => Phase?._beat?.Invoke();
    }
}
