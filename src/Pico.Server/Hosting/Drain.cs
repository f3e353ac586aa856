using Microsoft.Extensions.Logging;

namespace Pico.Server.Hosting;

/// <summary>
/// How a node stops, in this order:
/// <code>
///   1 not ready; responses end their connections; agents are not admitted
///   2 for the drain delay clients are still accepted: load balancers need a moment to notice
///   3 the ports of clients close; their idle connections end, the others after what they do
///   4 agents are told to go elsewhere (GO_AWAY, Draining)
///   5 what runs finishes: connections of clients, then the streams of tunnels
///   6 the tunnels close
/// </code>
/// The admin port answers to the end.
/// </summary>
internal sealed partial class Drain(
    NodeLifecycle lifecycle, ListeningPorts ports, Listeners listeners, ClientConnections clients, ServerOptions options, TimeProvider time, ILogger<Drain> logger)
{
    /// <summary>Drains until everything is finished, or <paramref name="patience"/> is over: then false.</summary>
    public async Task<bool> RunAsync(CancellationToken patience)
    {
        LogDraining(clients.Count);
        lifecycle.BeginDraining(); // 1
        try
        {
            await Task.Delay(options.DrainDelay, time, patience); // 2
            foreach (var port in new[] { ServerPort.Proxy, ServerPort.TlsPassthrough }) // 3
            {
                if (listeners.Has(port))
                    await ports.CloseAsync(listeners.AddressOf(port).Port, patience);
            }

            await clients.DrainAsync().WaitAsync(patience); // 5
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(1011, LogLevel.Information, "The node drains: {Connections} connections of clients are open.")]
    private partial void LogDraining(int connections);
}
