using Pico.Server.Tcp.Forward;

namespace Pico.Server.Hosting;

/// <summary>The ports that clients connect to, for draining: they close before all else.</summary>
internal sealed class ClientPorts(ListeningPorts ports, Listeners listeners, ClientConnections connections, ForwardAcceptor forwards)
{
    private static readonly ServerPort[] Ports = [ServerPort.Proxy, ServerPort.TlsPassthrough];

    /// <summary>How many connections of clients are open.</summary>
    public int Connections => connections.Count;

    /// <summary>Stops to listen for clients.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        foreach (var port in Ports)
        {
            if (listeners.Has(port))
                await ports.CloseAsync(listeners.AddressOf(port).Port, cancellationToken);
        }
    }

    /// <summary>Asks every connection to end, also forward clients' tunnels; completes when none is open.</summary>
    public Task FinishAsync(CancellationToken patience) => Task.WhenAll(forwards.DrainAsync(patience), connections.DrainAsync().WaitAsync(patience));
}
