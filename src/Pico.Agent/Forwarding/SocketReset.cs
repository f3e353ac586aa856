using System.Net.Sockets;

namespace Pico.Agent.Forwarding;

internal static class SocketReset
{
    /// <summary>Closes with RST, so that the peer cannot take a broken connection for one that ended.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            // A time-out of zero makes it abortive also while calls are pending.
            socket.Close(0);
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            socket.Dispose();
        }
    }
}
