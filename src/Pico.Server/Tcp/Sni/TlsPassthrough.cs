using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Connections;
using Pico.Server.Proxy.Routing;

namespace Pico.Server.Tcp.Sni;

/// <summary>
/// Routes TLS connections to TCP endpoints without decrypting them:
/// <code>
///   accepted ─1▶ peek at the ClientHello ─2▶ server name → endpoint (the rules of Host) ─3▶ stream ─4▶ bytes both ways
/// </code>
/// What cannot be routed gets a TLS alert that says so. A client that half-closes early is served nevertheless: the transport's "connection
/// closed" fires then, so it ends nothing here.
/// </summary>
internal sealed partial class TlsPassthrough(TcpRelay relay, NodeLifecycle lifecycle, ProxyOptions options, TimeProvider time, ILogger<TlsPassthrough> logger)
{
    private const int MaxNameLength = 255; // of a DNS name (RFC 1035 2.3.4)

    private readonly EndpointResolver _resolver = new(options.BaseDomain);

    /// <summary>Serves one connection.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is not { Socket: var socket })
            throw new InvalidOperationException("TLS is passed through on sockets only.");

        var (name, alert) = await ReadNameAsync(connection); // 1
        if (name is null)
        {
            await EndAsync(connection, alert);
            return;
        }

        if (Endpoint(name) is not { } endpointId) // 2
        {
            LogRefused(connection.RemoteEndPoint, name, "it names no endpoint");
            await EndAsync(connection, TlsAlert.UnrecognizedName);
            return;
        }

        var relayed = await relay.ConnectAsync( // 3
            endpointId, "TLS", connection.RemoteEndPoint as IPEndPoint, connection.Features.Get<ConnectionClient>(), lifecycle.Stopped);
        if (relayed.Error != ProxyError.None)
        {
            LogRefused(connection.RemoteEndPoint, name, relayed.Detail);
            await EndAsync(connection, AlertOf(relayed.Error));
            return;
        }

        await relay.RunAsync(new PassthroughClient(connection, socket), relayed, lifecycle.Stopped); // 4
    }

    private static ReadOnlyMemory<byte> AlertOf(ProxyError error) =>
        error is ProxyError.InvalidEndpoint or ProxyError.NoAvailableUpstreams or ProxyError.ProtocolMismatch
            ? TlsAlert.UnrecognizedName
            : TlsAlert.InternalError;

    private async Task EndAsync(ConnectionContext connection, ReadOnlyMemory<byte> alert)
    {
        if (!alert.IsEmpty)
            await connection.Transport.Output.WriteAsync(alert, lifecycle.Stopped);
    }

    private string? Endpoint(string serverName)
    {
        EndpointName name = default;
        return _resolver.Resolve(default, serverName, ref name) == ProxyError.None ? name.Span.ToString().ToLowerInvariant() : null;
    }

    // The name, or the alert to end with; neither when nothing came.
    private async Task<(string? Name, ReadOnlyMemory<byte> Alert)> ReadNameAsync(ConnectionContext connection)
    {
        var kind = ClientHelloKind.Incomplete;
        string? name = null;
        long needed = 0;
        var end = await ConnectionPeeker.PeekAsync(
            connection.Transport.Input,
            start =>
            {
                if (start.Length < needed)
                    return -1;

                Span<byte> bytes = stackalloc byte[MaxNameLength];
                kind = ClientHello.Read(start, bytes, out var length, out needed);
                if (kind == ClientHelloKind.Named)
                    name = Encoding.ASCII.GetString(bytes[..length]);
                return kind == ClientHelloKind.Incomplete ? -1 : 0;
            },
            options.RequestHeadTimeout,
            time);
        if (end != PeekEnd.Decided)
        {
            LogNoHello(connection.RemoteEndPoint, end);
            return (null, default);
        }

        if (kind != ClientHelloKind.Named)
            LogBadHello(connection.RemoteEndPoint, kind);
        return (name, kind == ClientHelloKind.Unnamed ? TlsAlert.UnrecognizedName : TlsAlert.DecodeError);
    }

    [LoggerMessage(2421, LogLevel.Debug, "The TLS connection from {Address} to '{Name}' was refused: {Reason}")]
    private partial void LogRefused(EndPoint? address, string name, string reason);

    [LoggerMessage(2422, LogLevel.Debug, "The connection from {Address} sent no whole ClientHello: {End}.")]
    private partial void LogNoHello(EndPoint? address, PeekEnd end);

    [LoggerMessage(2423, LogLevel.Debug, "The connection from {Address} cannot be routed by its ClientHello: {Kind}.")]
    private partial void LogBadHello(EndPoint? address, ClientHelloKind kind);
}
