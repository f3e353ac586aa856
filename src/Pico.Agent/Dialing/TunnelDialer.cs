using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Pico.Agent.Net;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Transports;

namespace Pico.Agent.Dialing;

/// <summary>
/// Connects to a server: name → addresses → <see cref="ServerConnector"/> → WebSocket. Each call begins at the next server and address, so that an agent finds
/// distinct nodes behind one name; the first begins at random, so that many agents spread. Behind an HTTP proxy the names are the proxy's to resolve.
/// </summary>
internal sealed class TunnelDialer(IReadOnlyList<Uri> servers, string path, ServerConnector connector, CredentialSource credentials, TimeProvider time)
    : ITunnelDialer
{
    private readonly Uri[] _servers = [.. servers.Select(Normalize)];
    private uint _dials = (uint)Random.Shared.Next();

    /// <inheritdoc/>
    public Task<Credential> ReadCredentialAsync(CancellationToken cancellationToken) => credentials.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<DialedTransport> DialAsync(CancellationToken cancellationToken) =>
        await DialAsync(await ReadCredentialAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<DialedTransport> DialAsync(Credential credential, CancellationToken cancellationToken)
    {
        var (round, index) = Math.DivRem(Interlocked.Increment(ref _dials), (uint)_servers.Length);
        var server = _servers[index];
        var proxy = connector.ProxyTo(server);
        var first = proxy?.Address ?? server;
        try
        {
            var addresses = await TcpConnector.ResolveAsync(first.IdnHost, cancellationToken).ConfigureAwait(false);
            // Resolvers shuffle; the same order each time makes the next one another one.
            Array.Sort(addresses, static (a, b) => a.GetAddressBytes().AsSpan().SequenceCompareTo(b.GetAddressBytes()));
            var transport = await DialAsync(
                server, proxy, addresses, (int)(round % (uint)addresses.Length), credential.Token, cancellationToken).ConfigureAwait(false);
            return new DialedTransport(transport, credential);
        }
        catch (SocketException e)
        {
            throw new TunnelException(TunnelError.TransportLost, $"{first.Host} cannot be resolved: {e.Message}", e);
        }
    }

    /// <summary>An address that answers but refuses (draining, say) leaves the others to be tried; a rejected credential would be everywhere.</summary>
    private async Task<TunnelTransport> DialAsync(
        Uri server, HttpProxy? proxy, IPAddress[] addresses, int first, string token, CancellationToken cancellationToken)
    {
        TunnelException? last = null;
        for (var i = 0; i < addresses.Length; i++)
        {
            var address = addresses[(first + i) % addresses.Length];
            using var timeout = new CancellationTokenSource(connector.ConnectTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                return await DialAsync(server, proxy, address, token, either.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                last = Explain(e, server, proxy, address, timeout.IsCancellationRequested);
                if (last.Error is TunnelError.Unauthorized or TunnelError.TokenExpired)
                    break;
            }
        }

        throw last!;
    }

    private async Task<TunnelTransport> DialAsync(Uri server, HttpProxy? proxy, IPAddress address, string token, CancellationToken cancellationToken)
    {
        var (stream, remote) = await connector.ConnectAsync(server, proxy, address, cancellationToken).ConfigureAwait(false);
        try
        {
            await WebSocketUpgrade.UpgradeAsync(stream, server, path, token, cancellationToken).ConfigureAwait(false);
            return new WebSocketTransport(stream, isClient: true, remote);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private TunnelException Explain(Exception e, Uri server, HttpProxy? proxy, IPAddress address, bool timedOut)
    {
        if (e is TunnelException tunnel)
            return tunnel;
        var way = proxy is null ? $" at {address}" : $" through the proxy {proxy} at {address}";
        return new(TunnelError.TransportLost, e switch
        {
            _ when timedOut || e is TimeoutException => $"{server.Authority}{way} did not answer within {connector.ConnectTimeout.TotalSeconds:0.#} s",
            AuthenticationException => $"TLS with {server.Authority}{way} failed: {(e.InnerException ?? e).Message}",
            _ => $"{server.Authority}{(proxy is null ? "" : way)} cannot be reached: {e.Message}",
        }, e);
    }

    private static Uri Normalize(Uri server) =>
        ServerUrl.TryParse(server.OriginalString, out var url, out var error) ? url : throw new ArgumentException(error, nameof(server));
}
