using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>
/// Three nodes, at 127.0.0.1, 127.0.0.2 and 127.0.0.3 if nothing else is said, each on the same ports, which have joined by different targets: one by the name of
/// all nodes, one by an address without port, one by an address with port.
/// </summary>
internal sealed partial class ClusterProcesses : IAsyncDisposable
{
    private const int Count = 3;

    private const int Sigterm = 15;

    private readonly NodeNames _names;
    private readonly List<string> _past = [];

    private ClusterProcesses(NodeNames names, ServerAddresses all, IReadOnlyList<ServerProcess> nodes) => (_names, Any, Nodes) = (names, all, nodes);

    /// <summary>The nodes, by address.</summary>
    public IReadOnlyList<ServerProcess> Nodes { get; }

    /// <summary>The ports of all nodes, by the name that has all their addresses; for processes with <see cref="Surroundings"/>.</summary>
    public ServerAddresses Any { get; }

    /// <summary>For processes that are to know the name.</summary>
    public Surroundings Surroundings => new() { Environment = _names.Environment };

    /// <summary>Starts the nodes, and waits until each is ready and sees the others.</summary>
    public static Task<ClusterProcesses> StartAsync() => StartAsync([.. Enumerable.Range(1, Count).Select(n => new Surroundings { Host = $"127.0.0.{n}" })]);

    /// <summary>As <see cref="StartAsync()"/>, each node in its place.</summary>
    public static async Task<ClusterProcesses> StartAsync(Surroundings[] places)
    {
        var hosts = places.Select(place => place.Host).ToArray();
        var (proxy, upstream, admin, gossip) = (Ports.Free(), Ports.Free(), Ports.Free(), Ports.Free());
        var names = new NodeNames(hosts);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        string[] joins = [NodeNames.All, hosts[0], $"{hosts[1]}:{gossip}"];
        var nodes = places.Select((place, i) => ServerProcess.Launch(
            ServerAddresses.Of(place.Host, proxy, upstream, admin),
            place with { Environment = names.Environment },
            "--node-id", $"node-{i + 1}", "--cluster.bind-addr", $"{place.Host}:{gossip}", "--cluster.join", joins[i], "--cluster.key", key,
            "--drain-delay", "1s", "--grace-period", "20s")).ToArray();
        var cluster = new ClusterProcesses(names, ServerAddresses.Of(NodeNames.All, proxy, upstream, admin), nodes);
        try
        {
            await cluster.WaitUntilWholeAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until every node is ready and knows that all are.</summary>
    public async Task WaitUntilWholeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.WaitUntilReadyAsync();
            await node.Process.WaitUntilAsync("it sees all nodes", async _ => (await StatesAsync(node)).Count(s => s == "ready") == Count);
        }
    }

    /// <summary>Stops a node in order, and starts it again when it has ended; until the cluster is whole.</summary>
    public async Task RestartAsync(ServerProcess node)
    {
        node.Process.Signal(Sigterm);
        Assert.Equal(0, await node.Process.WaitForExitAsync(TimeSpan.FromSeconds(40)));
        await ReplaceAsync(node);
    }

    /// <summary>Starts a node that has ended again, and waits until the cluster is whole.</summary>
    public async Task ReplaceAsync(ServerProcess node)
    {
        _past.Add(node.Process.Log);
        await node.Process.DisposeAsync();
        await node.RestartAsync();
        await WaitUntilWholeAsync();
    }

    /// <summary>Starts an agent that serves <paramref name="endpoints"/> on two tunnels, and waits until all is registered on both.</summary>
    public async Task<AgentProcess> StartAgentAsync(string name, string endpoints, Surroundings? place = null)
    {
        var surroundings = (place ?? Surroundings.Here) with { Environment = _names.Environment };
        var agent = AgentProcess.Launch(Any.Upstream, endpoints, surroundings, "--name", name, "--grace-period", "20s");
        await agent.Process.WaitUntilAsync("it is ready", token => Readiness.IsOkAsync(new(agent.Admin, "/ready"), token));
        await WaitForTunnelsAsync(agent);
        return agent;
    }

    /// <summary>Waits until each agent has tunnels to two nodes that are up, and everything registered on them.</summary>
    public static async Task WaitForTunnelsAsync(params AgentProcess[] agents)
    {
        foreach (var agent in agents)
            await agent.Process.WaitUntilAsync("everything is registered at two nodes", async _ => (await NodesWithAllAsync(agent)).Distinct().Count() >= 2);
    }

    /// <summary>How many agents' tunnels end at a node.</summary>
    public static async Task<int> CountTunnelsAsync(ServerProcess node)
    {
        var count = TunnelsMetric().Match(await Readiness.GetAsync(new(node.Admin, "/metrics"))).Groups["count"];
        return int.Parse(count.Value, CultureInfo.InvariantCulture);
    }

    /// <summary>What the nodes said, for the message of a test that fails.</summary>
    public string Log() => string.Join("\n== a node\n", _past.Concat(Nodes.Select(n => n.Process.Log)));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync();
        _names.Dispose();
    }

    [GeneratedRegex(@"^pico_tunnels(\{.*\})? (?<count>\d+)", RegexOptions.Multiline)]
    private static partial Regex TunnelsMetric();

    /// <summary>The nodes at which everything of an agent is registered.</summary>
    public static async Task<string[]> NodesWithAllAsync(AgentProcess agent)
    {
        using var status = JsonDocument.Parse(await Readiness.GetAsync(new(agent.Admin, "/status")));
        var endpoints = status.RootElement.GetProperty("endpoints").GetArrayLength();
        return
        [
            .. status.RootElement.GetProperty("tunnels").EnumerateArray()
                .Where(t => !t.GetProperty("leaving").GetBoolean() && t.GetProperty("registered").GetInt32() == endpoints)
                .Select(t => t.GetProperty("node").GetString()!),
        ];
    }

    /// <summary>What a node says of the state of each node that it knows.</summary>
    public static async Task<string[]> StatesAsync(ServerProcess node)
    {
        using var status = JsonDocument.Parse(await Readiness.GetAsync(new(node.Admin, "/status")));
        return [.. status.RootElement.GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("state").GetString()!)];
    }
}
