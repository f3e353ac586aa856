namespace Pico.Server.Hosting;

/// <summary>The ports that clients connect to, for draining: they close before all else.</summary>
internal sealed class ClientPorts(ListeningPorts ports, Listeners listeners, ClientConnections connections)
{
    private static readonly ServerPort[] Ports = [ServerPort.Proxy, ServerPort.TlsPassthrough];

    /// <summary>How many connections of clients are open.</summary>
    public int Connections => connections.Count;

    /// <inheritdoc cref="ClientConnections.RequestClose()"/>
    public void RequestClose() => connections.RequestClose();

    /// <summary>Stops to listen for clients.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        foreach (var port in Ports)
        {
            if (listeners.Has(port))
                await ports.CloseAsync(listeners.AddressOf(port).Port, cancellationToken);
        }
    }

    /// <inheritdoc cref="ClientConnections.DrainAsync"/>
    public Task WhenFinishedAsync() => connections.DrainAsync();
}
