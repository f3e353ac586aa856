using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>Ends a tunnel when its token expires: the agent is told and may replace it, then nothing new is sent down it, and what runs may finish.</summary>
internal static class TokenExpiry
{
    /// <summary>How long the agent has for putting another tunnel in the place of this one before it gets no new requests.</summary>
    public static readonly TimeSpan TimeToReplace = TimeSpan.FromSeconds(10);

    // What a timer takes at once.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>Returns when the tunnel was told to go and is closed, or at <paramref name="stop"/>.</summary>
    public static async Task WatchAsync(TunnelRecord tunnel, TimeSpan grace, TimeProvider time, CancellationToken stop)
    {
        if (tunnel.Token.Expires is not { } expires)
            return;

        var message = $"The token expired at {expires:u}.";
        try
        {
            for (var left = expires - time.GetUtcNow(); left > TimeSpan.Zero; left = expires - time.GetUtcNow())
                await Task.Delay(left < LongestWait ? left : LongestWait, time, stop);

            tunnel.Connection.GoAway(TunnelError.TokenExpired, message);
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
}
