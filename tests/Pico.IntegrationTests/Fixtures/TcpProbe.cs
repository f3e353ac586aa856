using System.Net;
using System.Net.Sockets;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>Finds out whether somebody listens.</summary>
internal static class TcpProbe
{
    /// <summary>True if a connection to <paramref name="port"/> on loopback is accepted.</summary>
    public static async Task<bool> ListensAsync(int port, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
