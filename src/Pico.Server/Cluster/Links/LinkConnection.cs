using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Pico.Server.Cluster.Links;

/// <summary>The TCP connection under a peer link.</summary>
internal static class LinkConnection
{
    /// <summary>Connects to <paramref name="address"/>.</summary>
    public static async Task<NetworkStream> ConnectAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Speaks TLS on it, as the side that dialled.</summary>
    public static async Task<SslStream> SecureAsync(NetworkStream connection, SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var secure = new SslStream(connection, leaveInnerStreamOpen: false);
        try
        {
            await secure.AuthenticateAsClientAsync(options, cancellationToken);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    /// <summary>Speaks TLS on it, as the side that was dialled.</summary>
    public static async Task<SslStream> SecureAsync(NetworkStream connection, SslServerAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var secure = new SslStream(connection, leaveInnerStreamOpen: false);
        try
        {
            await secure.AuthenticateAsServerAsync(options, cancellationToken);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }
}
