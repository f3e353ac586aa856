using Pico.Server.Auth;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>Ends a tunnel when its token expires: nothing new is sent down it, the agent may replace it, and what runs may finish.</summary>
internal static class TokenExpiry
{
    // What a timer takes at once.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>Returns when the tunnel was told to go and is closed, or at <paramref name="stop"/>.</summary>
    public static async Task WatchAsync(TunnelConnection tunnel, VerifiedToken token, TimeSpan grace, TimeProvider time, CancellationToken stop)
    {
        if (token.Expires is not { } expires)
            return;

        try
        {
            for (var left = expires - time.GetUtcNow(); left > TimeSpan.Zero; left = expires - time.GetUtcNow())
                await Task.Delay(left < LongestWait ? left : LongestWait, time, stop);

            var message = $"The token expired at {expires:u}.";
            tunnel.GoAway(TunnelError.TokenExpired, message);
            using var patience = new CancellationTokenSource(grace, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
            try
            {
                await tunnel.WhenIdleAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                // What still runs has had its time.
            }

            await tunnel.CloseAsync(TunnelError.TokenExpired, message);
        }
        catch (OperationCanceledException)
        {
            // The tunnel ended before its token did.
        }
    }
}
