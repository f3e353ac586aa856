using System.Net.NetworkInformation;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>Finds out whether somebody listens, without a connection that the listener would take for a client's.</summary>
internal static class TcpProbe
{
    /// <summary>True if somebody listens on <paramref name="port"/>.</summary>
    public static bool Listens(int port) =>
        Array.Exists(IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners(), listener => listener.Port == port);
}
