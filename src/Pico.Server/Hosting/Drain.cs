using Microsoft.Extensions.Logging;
using Pico.Server.Tcp.Forward;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Hosting;

/// <summary>
/// How a node stops, in this order:
/// <code>
///   1 not ready; agents are not admitted; idle connections of clients end, the others after what they do
///   2 for the drain delay new ones are still accepted: load balancers need a moment to notice
///   3 the ports of clients close; what they accepted meanwhile ends likewise
///   4 agents are told to go elsewhere (GO_AWAY, Draining)
///   5 what runs finishes: the connections of clients, and with them the streams of tunnels
///   6 the tunnels close
/// </code>
/// The admin port answers to the end.
/// </summary>
internal sealed partial class Drain(
    NodeLifecycle lifecycle, ClientPorts clientPorts, TunnelAcceptor agents, ForwardAcceptor forwards, ServerOptions options, TimeProvider time, ILogger<Drain> logger)
{
    /// <summary>Drains until everything is finished, or <paramref name="patience"/> is over: then false.</summary>
    public async Task<bool> RunAsync(CancellationToken patience)
    {
        LogDraining(clientPorts.Connections);
        lifecycle.BeginDraining(); // 1
        clientPorts.RequestClose();
        try
        {
            await Task.Delay(options.DrainDelay, time, patience); // 2
            await clientPorts.CloseAsync(patience); // 3
            agents.GoAway(); // 4
            await Task.WhenAll(forwards.DrainAsync(patience), clientPorts.WhenFinishedAsync().WaitAsync(patience)); // 5
            await agents.CloseAsync(patience); // 6
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(2011, LogLevel.Information, "The node drains: {Connections} connections of clients are open.")]
    private partial void LogDraining(int connections);
}
