using System.Net;
using System.Net.Sockets;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>
/// Gives ports to programs that cannot be asked which one they took. The range lies below the kernel's range for outgoing connections, and
/// no port is given twice, so a port that is free now stays free until its program binds it.
/// </summary>
internal static class Ports
{
    private const int First = 10_000;
    private const int Count = 22_000;

    private static int _next = Random.Shared.Next(Count);

    /// <summary>A port on which nobody listens.</summary>
    public static int Free()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port))
                return port;
        }

        throw new InvalidOperationException($"No free port from {First} to {First + Count - 1}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
