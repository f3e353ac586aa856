using System.Net;
using System.Net.Sockets;
using Pico.Agent.Endpoints;
using Pico.Agent.Net;

namespace Pico.Agent.Dialing;

/// <summary>
/// The bytes to a server: TCP (→ TLS → CONNECT, where a proxy is on the way) → TLS for <c>wss://</c>. Certificates are read at every connect, and nothing of TLS is touched
/// where none is spoken.
/// </summary>
internal sealed class ServerConnector(TlsSettings tls, HttpProxySettings proxies, TimeSpan connectTimeout, TimeProvider time)
{
    private readonly ProxyChoice _proxies = new(proxies.Url, Environment.GetEnvironmentVariable);

    /// <summary>How long a connect may take, for each address.</summary>
    public TimeSpan ConnectTimeout => connectTimeout;

    /// <inheritdoc cref="ProxyChoice.For"/>
    public HttpProxy? ProxyTo(Uri server) => _proxies.For(server);

    /// <summary>Gives a stream to <paramref name="server"/> over <paramref name="address"/>, which is that of the proxy if there is one, and where it leads for logs.</summary>
    public async Task<(Stream Stream, string Remote)> ConnectAsync(Uri server, HttpProxy? proxy, IPAddress address, CancellationToken cancellationToken)
    {
        var socket = await TcpConnector.ConnectAsync(new[] { address }, (proxy?.Address ?? server).Port, connectTimeout, time, cancellationToken).ConfigureAwait(false);
        var remote = proxy is null ? socket.RemoteEndPoint!.ToString()! : $"{server.Authority} through the proxy {proxy}";
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (proxy is not null)
            {
                if (proxy.Address.Scheme == "https")
                    stream = await TlsClient.AuthenticateAsync(stream, proxy.Address.IdnHost, new TlsSettings { CaFile = proxies.CaFile }, cancellationToken).ConfigureAwait(false);
                await ProxyConnect.ConnectAsync(stream, proxy, server, cancellationToken).ConfigureAwait(false);
            }

            if (server.Scheme == "wss")
                stream = await TlsClient.AuthenticateAsync(stream, server.IdnHost, tls, cancellationToken).ConfigureAwait(false);
            return (stream, remote);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
