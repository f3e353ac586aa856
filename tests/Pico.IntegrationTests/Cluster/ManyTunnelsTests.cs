using Microsoft.Extensions.Logging.Abstractions;
using Pico.Agent;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>Two thousand tunnels, when the node that a third of them ended at is killed and comes back.</summary>
[Collection(nameof(Alone))]
public sealed class ManyTunnelsTests(ITestOutputHelper output)
{
    private const int Agents = 1000;
    private const int Tunnels = 2 * Agents;
    private const double MostAboveMean = 1.3;

    [Fact(Timeout = 240_000)]
    public async Task Node_KilledAndBack_TunnelsAreThereInFifteenSecondsAndEvenInAMinute()
    {
        await using var cluster = await ClusterProcesses.StartAsync();
        using var stop = new CancellationTokenSource();
        var agents = Enumerable.Range(0, Agents).Select(i => new PicoAgent(Options(i, cluster), NullLoggerFactory.Instance, TimeProvider.System)).ToList();
        var running = agents.Select(agent => agent.RunAsync(stop.Token)).ToList();
        try
        {
            await Deadline.UntilAsync("all tunnels are there", TimeSpan.FromSeconds(90), async _ => (await CountAsync(cluster.Nodes)).Sum() >= Tunnels);
            var killed = cluster.Nodes[0];
            output.WriteLine($"Tunnels of each node: {string.Join(", ", await CountAsync(cluster.Nodes))}");

            var since = TimeProvider.System.GetTimestamp();
            await killed.Process.DisposeAsync();
            await Deadline.UntilAsync("all tunnels are there again", TimeSpan.FromSeconds(15), async _ => (await CountAsync(cluster.Nodes.Skip(1))).Sum() >= Tunnels);
            output.WriteLine($"{Tunnels} again {TimeProvider.System.GetElapsedTime(since).TotalSeconds:F1} s after the kill: {string.Join(", ", await CountAsync(cluster.Nodes.Skip(1)))}");

            await cluster.ReplaceAsync(killed);
            since = TimeProvider.System.GetTimestamp();
            await Deadline.UntilAsync($"no node is over {MostAboveMean} times the mean", TimeSpan.FromMinutes(1), async _ =>
                await CountAsync(cluster.Nodes) is var counts && counts.Sum() >= Tunnels && counts.Max() <= MostAboveMean * counts.Average());
            output.WriteLine($"{TimeProvider.System.GetElapsedTime(since).TotalSeconds:F1} s after its return: {string.Join(", ", await CountAsync(cluster.Nodes))}");
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running);
            foreach (var agent in agents)
                await agent.DisposeAsync();
        }
    }

    private static Task<int[]> CountAsync(IEnumerable<ServerProcess> nodes) => Task.WhenAll(nodes.Select(ClusterProcesses.CountTunnelsAsync));

    private static AgentOptions Options(int number, ClusterProcesses cluster) => new()
    {
        Endpoints = [new() { Id = $"agent-{number}", Host = "127.0.0.1", Port = 9 }],
        Servers = [.. cluster.Nodes.Select(node => node.Upstream)],
        GracePeriod = TimeSpan.Zero,
    };
}
