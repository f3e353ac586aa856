using System.Net;
using System.Net.Sockets;

namespace Pico.Agent.Net;

/// <summary>Listening for TCP connections.</summary>
internal static class ListeningSocket
{
    private const int Backlog = 512;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    /// <summary>All addresses of both families where <see cref="IPAddress.IPv6Any"/> is asked for. Throws <see cref="SocketException"/>.</summary>
    public static Socket Listen(IPEndPoint address)
    {
        var isAny = address.Address.Equals(IPAddress.IPv6Any);
        if (isAny && !Socket.OSSupportsIPv6)
            address = new IPEndPoint(IPAddress.Any, address.Port);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = isAny;
            socket.Bind(address);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new SocketException((int)e.SocketErrorCode, $"cannot listen on {address}: {e.Message}");
        }
    }

    /// <summary>The next connection, with Nagle's algorithm off. What fails for one connection (it is gone again, too many files) does not end it.</summary>
    public static async Task<Socket> AcceptAsync(Socket listener, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var socket = await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
                socket.NoDelay = true;
                return socket;
            }
            catch (SocketException)
            {
                await Task.Delay(PauseAfterFailure, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
