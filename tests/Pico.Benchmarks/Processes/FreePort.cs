using System.Net;
using System.Net.Sockets;

namespace Pico.Benchmarks.Processes;

/// <summary>Ports of the loopback interface that nobody uses.</summary>
internal static class FreePort
{
    /// <summary>Several different free ports: all are held until the last is found.</summary>
    public static int[] Take(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        try
        {
            foreach (var listener in listeners)
                listener.Start();
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners)
                listener.Dispose();
        }
    }
}
