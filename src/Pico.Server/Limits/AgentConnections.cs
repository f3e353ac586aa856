using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Pico.Server.Limits;

/// <summary>
/// Connection middleware, the first of the upstream port: bounds its connections, and those of one address that are no tunnels yet. So strangers who hold connections
/// open can neither use up the node nor keep agents of other addresses out.
/// </summary>
internal sealed class AgentConnections(UpstreamLimits options, LimitMetrics metrics, TimeProvider time) : IAsyncDisposable
{
    private readonly LoadTable<ClientKey> _addresses = new(time);
    private int _count;

    /// <summary>Serves the connection by <paramref name="next"/>, or lets it be closed.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _count) > options.Connections && options.Connections != 0)
            {
                metrics.Hit(Limit.UpstreamConnections, connection.RemoteEndPoint?.ToString() ?? "");
                return;
            }

            var key = connection.RemoteEndPoint is IPEndPoint { Address: var address } ? new ClientKey(address) : default;
            var load = _addresses.Rent(key);
            if (load is not null && !load.Connections.TryEnter(options.HandshakesPerClient))
            {
                load.Return();
                metrics.Hit(Limit.HandshakesPerClient, key.ToString());
                return;
            }

            using var handshake = new AgentHandshake(connection, load, options.HandshakeTimeout, metrics, time);
            connection.Features.Set(handshake);
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _addresses.DisposeAsync();
}
