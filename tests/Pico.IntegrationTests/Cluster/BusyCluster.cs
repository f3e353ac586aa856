using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>Three nodes, agents and the services behind them, and traffic that flows.</summary>
internal sealed class BusyCluster : IAsyncDisposable
{
    private readonly TrafficServices _services;
    private readonly List<AgentProcess> _agents = [];

    private BusyCluster(ClusterProcesses cluster, TrafficServices services) => (Cluster, _services) = (cluster, services);

    /// <summary>The nodes.</summary>
    public ClusterProcesses Cluster { get; }

    /// <summary>The agents, in the order in which they were started.</summary>
    public IReadOnlyList<AgentProcess> Agents => _agents;

    /// <summary>The traffic.</summary>
    public Traffic Traffic { get; private set; } = null!;

    /// <summary>Starts all of it; each agent with some of the endpoints <c>web</c>, <c>tcp</c>, <c>solo</c>, separated by commas.</summary>
    public static async Task<BusyCluster> StartAsync(params string[] agents)
    {
        var busy = new BusyCluster(await ClusterProcesses.StartAsync(), await TrafficServices.StartAsync());
        try
        {
            foreach (var endpoints in agents)
                await busy.StartAgentAsync(endpoints);
            busy.Traffic = await Traffic.StartAsync(busy.Cluster);
            return busy;
        }
        catch
        {
            await busy.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more agent.</summary>
    public async Task StartAgentAsync(string endpoints) => _agents.Add(await Cluster.StartAgentAsync(
        $"agent-{_agents.Count + 1}", string.Join(',', endpoints.Split(',').Select(id => $"{id}/{(id == "tcp" ? _services.Tcp : _services.Web)}"))));

    /// <summary>What became of the traffic, and what everybody said.</summary>
    public string Explain() => $"{Traffic.Log}\n{Cluster.Log()}\n{string.Join("\n== an agent\n", _agents.Select(a => a.Process.Log))}\n{Traffic.ForwardLog}";

    public async ValueTask DisposeAsync()
    {
        if (Traffic is not null)
            await Traffic.DisposeAsync();
        foreach (var agent in _agents)
            await agent.DisposeAsync();
        await _services.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
