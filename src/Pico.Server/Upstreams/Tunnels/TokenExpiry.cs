using Pico.Server.Auth;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>
/// Ends a tunnel when its token expires. An agent is told and may replace it, then nothing new is sent down it, and what runs may finish. A forward client is told, opens
/// nothing more, and what it has open lives on.
/// </summary>
internal static class TokenExpiry
{
    /// <summary>How long the agent has for putting another tunnel in the place of this one before it gets no new requests.</summary>
    public static readonly TimeSpan TimeToReplace = TimeSpan.FromSeconds(10);

    // What a timer takes at once.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>Returns when the tunnel was told to go and is closed, or at <paramref name="stop"/>.</summary>
    public static async Task WatchAsync(TunnelRecord tunnel, TimeSpan grace, TimeProvider time, CancellationToken stop)
    {
        var message = Message(tunnel.Token);
        try
        {
            if (!await TellAsync(tunnel.Connection, tunnel.Token, time, stop))
                return;
            await Task.Delay(TimeToReplace, time, stop);
            using var patience = new CancellationTokenSource(grace, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
            await tunnel.FinishAsync(TunnelError.TokenExpired, message, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // What still runs has had its time.
            await tunnel.Connection.CloseAsync(TunnelError.TokenExpired, message);
        }
        catch (OperationCanceledException)
        {
            // The tunnel ended before its token did.
        }
    }

    /// <summary>Sends GO_AWAY when <paramref name="token"/> has expired. False, and at once, if it never does, or if the tunnel was over before that (<paramref name="stop"/>).</summary>
    public static async Task<bool> TellAsync(TunnelConnection tunnel, VerifiedToken token, TimeProvider time, CancellationToken stop)
    {
        if (token.Expires is not { } expires)
            return false;
        try
        {
            for (var left = expires - time.GetUtcNow(); left > TimeSpan.Zero; left = expires - time.GetUtcNow())
                await Task.Delay(left < LongestWait ? left : LongestWait, time, stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        tunnel.GoAway(TunnelError.TokenExpired, Message(token));
        return true;
    }

    private static string Message(VerifiedToken token) => $"The token expired at {token.Expires:u}.";
}
