using Microsoft.Extensions.Logging;
using Pico.Server.Cluster;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Hosting;

/// <summary>
/// How a node stops, in this order:
/// <code>
///   1 not ready, and the other nodes are told; agents are not admitted; HTTP/1.1 responses end their connections
///   2 for the drain delay, and up to three times that as long as clients still connect or ask on what they kept, new connections are accepted: load balancers need a moment to notice
///   3 the ports of clients close; connections end after what they do (HTTP/2: GOAWAY), idle ones in a moment
///   4 agents are told to go elsewhere (GO_AWAY, Draining)
///   5 what runs finishes: the connections of clients, and with them the streams of tunnels; meanwhile agents register elsewhere, and leave
///   6 the other nodes are told that nothing is left here; each tunnel closes when its last stream has ended, those relayed for other nodes included
///   7 the other nodes are told that this one is gone, and the links to them close
/// </code>
/// The admin port answers to the end.
/// </summary>
internal sealed partial class Drain(
    NodeLifecycle lifecycle, ClientPorts clientPorts, TunnelAcceptor agents, ICluster cluster, ServerOptions options, TimeProvider time, ILogger<Drain> logger)
{
    private const int MostDelays = 3;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Haste = TimeSpan.FromSeconds(1);

    /// <summary>Drains until everything is finished, or <paramref name="patience"/> is over: then false.</summary>
    public async Task<bool> RunAsync(CancellationToken patience)
    {
        LogDraining(clientPorts.Connections);
        lifecycle.BeginDraining(); // 1
        cluster.BeginDraining();
        try
        {
            await WhileStillChosenAsync(patience); // 2
            await clientPorts.CloseAsync(patience); // 3
            agents.GoAway(); // 4
            await Task.WhenAll(clientPorts.FinishAsync(patience), cluster.WhenReplacedAsync(patience)); // 5
            await agents.CloseAsync(patience); // 6
            await cluster.LeaveAsync(patience); // 7
            return true;
        }
        catch (OperationCanceledException)
        {
            await LeaveInHasteAsync();
            return false;
        }
    }

    // Whoever connects or asks has not noticed yet, or never will.
    private async Task WhileStillChosenAsync(CancellationToken patience)
    {
        var most = Max(options.DrainDelay, Min(MostDelays * options.DrainDelay, options.GracePeriod / MostDelays));
        var began = time.GetTimestamp();
        var left = options.DrainDelay;
        while (left > TimeSpan.Zero)
        {
            await Task.Delay(left, time, patience);
            left = Min(Quiet - lifecycle.SinceClient, most - time.GetElapsedTime(began));
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    // What still runs is cut; but the other nodes need not find out by themselves.
    private async Task LeaveInHasteAsync()
    {
        using var moment = new CancellationTokenSource(Haste, time);
        try
        {
            await cluster.LeaveAsync(moment.Token);
        }
        catch (OperationCanceledException)
        {
            // They will find out.
        }
    }

    [LoggerMessage(2011, LogLevel.Information, "The node drains: {Connections} connections of clients are open.")]
    private partial void LogDraining(int connections);
}
