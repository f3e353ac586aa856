using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;
using Pico.Server.Proxy.Errors;
using Pico.Server.Proxy.Forwarded;

namespace Pico.Server.Proxy.Connections;

/// <summary>
/// Gives each connection of the proxy port to what it speaks, by its first bytes:
/// <code>
///   accepted ─1▶ peek ─2▶ HTTP/2 preface ──▶ in-memory HTTP/2 listener (Kestrel)
///                     ─3▶ TLS handshake ───▶ 400, closed (this port has no TLS)
///                     ─4▶ anything else ───▶ lean HTTP/1.1 ──not for it──▶ Kestrel's HTTP/1.1
/// </code>
/// On a port with TLS this stands behind it and sees what was decrypted.
/// </summary>
internal sealed partial class ConnectionSniffer(
    IHttp1Path http1, HandoverListener http2, TrustedNetworks trusted, ProxyOptions options, TimeProvider time, ILogger<ConnectionSniffer> logger)
{
    /// <summary>The connection middleware; <paramref name="next"/> is Kestrel's HTTP/1.1.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(Hop(connection));

        switch (await PeekAsync(connection)) // 1
        {
            case FirstBytesKind.Http2: // 2
                await http2.RunAsync(connection);
                break;
            case FirstBytesKind.Tls: // 3
                LogTls(connection.ConnectionId, connection.RemoteEndPoint);
                ProblemResponse.WriteHttp11(connection.Transport.Output, ProxyError.BadRequest, headOnly: false, close: true, time.GetUtcNow());
                await connection.Transport.Output.FlushAsync(connection.ConnectionClosed);
                break;
            case FirstBytesKind.Http1: // 4
                if (!await http1.ServeAsync(connection))
                    await next(connection);
                break;
            default:
                // Nothing was asked, so nothing is answered.
                break;
        }
    }

    private async ValueTask<FirstBytesKind> PeekAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span.SequenceEqual("h2"u8) == true)
            return FirstBytesKind.Http2;

        var kind = FirstBytesKind.Undecided;
        var end = await ConnectionPeeker.PeekAsync(
            connection.Transport.Input,
            start => (kind = FirstBytes.Decide(start)) == FirstBytesKind.Undecided ? -1 : 0,
            options.RequestHeadTimeout,
            time);
        if (end == PeekEnd.TimedOut)
            LogTimeout(connection.ConnectionId, connection.RemoteEndPoint);
        return kind;
    }

    private ForwardedHop Hop(ConnectionContext connection)
    {
        var peer = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        return new ForwardedHop(peer, connection.Features.Get<ITlsConnectionFeature>() is not null, trusted.Contains(peer));
    }

    [LoggerMessage(2101, LogLevel.Debug, "Connection {ConnectionId} from {RemoteEndPoint} begins with a TLS handshake, but this port has no TLS.")]
    private partial void LogTls(string connectionId, EndPoint? remoteEndPoint);

    [LoggerMessage(2102, LogLevel.Debug, "Connection {ConnectionId} from {RemoteEndPoint} sent no request in time.")]
    private partial void LogTimeout(string connectionId, EndPoint? remoteEndPoint);
}
