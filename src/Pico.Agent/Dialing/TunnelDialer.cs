using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using Pico.Agent.Endpoints;
using Pico.Agent.Net;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Transports;

namespace Pico.Agent.Dialing;

/// <summary>
/// Connects to a server: name → addresses → TCP → TLS → WebSocket. Each call begins at the next server and address, so that an agent finds
/// distinct nodes behind one name; the first begins at random, so that many agents spread.
/// </summary>
internal sealed class TunnelDialer(IReadOnlyList<Uri> servers, string path, TlsSettings tls, TokenSource token, TimeSpan connectTimeout, TimeProvider time)
    : ITunnelDialer
{
    private readonly Uri[] _servers = [.. servers.Select(Normalize)];
    private uint _dials = (uint)Random.Shared.Next();

    /// <inheritdoc/>
    public async Task<TunnelTransport> DialAsync(CancellationToken cancellationToken)
    {
        var (round, index) = Math.DivRem(Interlocked.Increment(ref _dials), (uint)_servers.Length);
        var server = _servers[index];
        var credential = await token.ReadAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var addresses = await TcpConnector.ResolveAsync(server.IdnHost, cancellationToken).ConfigureAwait(false);
            // Resolvers shuffle; the same order each time makes the next one another one.
            Array.Sort(addresses, static (a, b) => a.GetAddressBytes().AsSpan().SequenceCompareTo(b.GetAddressBytes()));
            return await DialAsync(server, addresses, (int)(round % (uint)addresses.Length), credential, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new TunnelException(TunnelError.TransportLost, $"{server.Host} cannot be resolved: {e.Message}", e);
        }
    }

    /// <summary>An address that answers but refuses (draining, say) leaves the others to be tried; a rejected credential would be everywhere.</summary>
    private async Task<TunnelTransport> DialAsync(
        Uri server, IPAddress[] addresses, int first, string credential, CancellationToken cancellationToken)
    {
        TunnelException? last = null;
        for (var i = 0; i < addresses.Length; i++)
        {
            var address = addresses[(first + i) % addresses.Length];
            using var timeout = new CancellationTokenSource(connectTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                return await DialAsync(server, address, credential, either.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                last = Explain(e, server, address, timeout.IsCancellationRequested);
                if (last.Error is TunnelError.Unauthorized or TunnelError.TokenExpired)
                    break;
            }
        }

        throw last!;
    }

    private async Task<TunnelTransport> DialAsync(Uri server, IPAddress address, string credential, CancellationToken cancellationToken)
    {
        var socket = await TcpConnector.ConnectAsync(new[] { address }, server.Port, connectTimeout, time, cancellationToken).ConfigureAwait(false);
        var remote = socket.RemoteEndPoint!.ToString()!;
        Stream stream = server.Scheme == "wss"
            ? await TlsClient.AuthenticateAsync(socket, server.IdnHost, tls, cancellationToken).ConfigureAwait(false)
            : new NetworkStream(socket, ownsSocket: true);
        try
        {
            await WebSocketUpgrade.UpgradeAsync(stream, server, path, credential, cancellationToken).ConfigureAwait(false);
            // The tunnel pings by itself.
            var options = new WebSocketCreationOptions { SubProtocol = WebSocketUpgrade.SubProtocol, KeepAliveInterval = TimeSpan.Zero };
            return new WebSocketTransport(WebSocket.CreateFromStream(stream, options), remote);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private TunnelException Explain(Exception e, Uri server, IPAddress address, bool timedOut) => e switch
    {
        TunnelException tunnel => tunnel,
        _ when timedOut || e is TimeoutException =>
            new(TunnelError.TransportLost, $"{server.Authority} at {address} did not answer within {connectTimeout.TotalSeconds:0.#} s", e),
        AuthenticationException => new(TunnelError.TransportLost, $"TLS with {server.Authority} at {address} failed: {(e.InnerException ?? e).Message}", e),
        _ => new(TunnelError.TransportLost, $"{server.Authority} cannot be reached: {e.Message}", e),
    };

    private static Uri Normalize(Uri server) =>
        ServerUrl.TryParse(server.OriginalString, out var url, out var error) ? url : throw new ArgumentException(error, nameof(server));
}
