using System.Net;
using System.Net.Sockets;

namespace Pico.Agent.Net;

/// <summary>Connects to a host that may have several addresses: one by one, each with its own time-out, until one answers.</summary>
internal static class TcpConnector
{
    /// <summary>The addresses of a host name; a literal address is itself.</summary>
    public static async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>
    /// Gives a connected socket with Nagle's algorithm off. When no address answers it throws what the last one did;
    /// <see cref="TimeoutException"/> is a time-out of <paramref name="perAddress"/>.
    /// </summary>
    public static async Task<Socket> ConnectAsync(
        ReadOnlyMemory<IPAddress> addresses, int port, TimeSpan perAddress, TimeProvider time, CancellationToken cancellationToken)
    {
        Exception? last = null;
        for (var i = 0; i < addresses.Length; i++)
        {
            var endPoint = new IPEndPoint(addresses.Span[i], port);
            var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var timeout = new CancellationTokenSource(perAddress, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                await socket.ConnectAsync(endPoint, either.Token).ConfigureAwait(false);
                return socket;
            }
            catch (Exception e)
            {
                socket.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
                last = timeout.IsCancellationRequested ? new TimeoutException($"{endPoint} did not answer within {perAddress.TotalSeconds:0.#} s", e)
                    : e is SocketException s ? new SocketException((int)s.SocketErrorCode, $"{endPoint}: {s.Message}") : e;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }
}
