using System.Net;
using Microsoft.AspNetCore.Connections;
using Pico.Server.Proxy.Forwarded;

namespace Pico.Server.Limits;

/// <summary>
/// Connection middleware for the ports of clients, behind the PROXY protocol: knows whose connection it is (<see cref="ConnectionClient"/>) and bounds how many
/// one client may have. Trusted proxies carry others' requests, so theirs are not bounded.
/// </summary>
internal sealed class ClientAdmission(ProxyLimits options, LoadTable<ClientKey> clients, TrustedNetworks trusted, LimitMetrics metrics)
{
    /// <summary>Serves the connection by <paramref name="next"/>, or refuses it by <paramref name="refuse"/>.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next, ConnectionDelegate refuse)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        var isTrusted = trusted.Contains(address);
        var load = address is null || isTrusted ? null : clients.Rent(new ClientKey(address));
        try
        {
            if (load is null || load.Connections.TryEnter(options.ConnectionsPerClient))
            {
                try
                {
                    connection.Features.Set(new ConnectionClient(load, isTrusted ? trusted : null));
                    await next(connection);
                }
                finally
                {
                    load?.Connections.Exit();
                }
            }
            else
            {
                metrics.Hit(Limit.ConnectionsPerClient, new ClientKey(address!).ToString());
                await refuse(connection);
            }
        }
        finally
        {
            load?.Return();
        }
    }
}
