using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;
using Pico.Server.Proxy.Forwarded;

namespace Pico.Server.Proxy.Connections.ProxyProtocol;

/// <summary>
/// Reads the PROXY protocol's header at the beginning of each connection (before TLS) and sets the connection's addresses to what it says. With trusted
/// proxies configured, others' connections have no such header; without, every connection must have one.
/// </summary>
internal sealed partial class ProxyProtocolMiddleware(
    ProxyOptions options, TrustedNetworks trusted, TimeProvider time, ILogger<ProxyProtocolMiddleware> logger)
{
    /// <summary>Reads the header, then runs <paramref name="next"/>.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (!trusted.IsEmpty && !trusted.Contains((connection.RemoteEndPoint as IPEndPoint)?.Address))
        {
            await next(connection);
            return;
        }

        ProxyHeader header = default;
        var result = ProxyHeaderResult.Incomplete;
        var end = await ConnectionPeeker.PeekAsync(
            connection.Transport.Input,
            start =>
            {
                result = ProxyHeaderParser.Parse(start, out header, out var length);
                return result == ProxyHeaderResult.Incomplete ? -1 : length;
            },
            options.RequestHeadTimeout,
            time);

        if (end != PeekEnd.Decided || result != ProxyHeaderResult.Complete)
        {
            LogNoHeader(connection.ConnectionId, connection.RemoteEndPoint, end == PeekEnd.Decided ? "malformed" : end.ToString());
            connection.Abort(new ConnectionAbortedException("No valid PROXY protocol header."));
            return;
        }

        connection.RemoteEndPoint = header.Source ?? connection.RemoteEndPoint;
        connection.LocalEndPoint = header.Destination ?? connection.LocalEndPoint;
        await next(connection);
    }

    [LoggerMessage(2100, LogLevel.Debug, "Connection {ConnectionId} from {RemoteEndPoint} has no PROXY protocol header: {Reason}.")]
    private partial void LogNoHeader(string connectionId, EndPoint? remoteEndPoint, string reason);
}
