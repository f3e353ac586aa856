using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>Three processes find one another, and serve as one.</summary>
public sealed class MembershipTests
{
    [Fact(Timeout = 120_000)]
    public async Task Nodes_JoinedByANameByAnAddressAndByAnAddressWithPort_ServeAnAgentOfOneOfThem()
    {
        await using var cluster = await ClusterProcesses.StartAsync();
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var agent = await AgentProcess.StartAsync(cluster.Nodes[1].Upstream, $"web/http://127.0.0.1:{nginx.Port}", "--connections", "1");

        foreach (var node in cluster.Nodes)
        {
            await Deadline.UntilAsync(
                $"{node.Proxy} has heard of the endpoint", TimeSpan.FromSeconds(5), async _ => (await Curl.RunAsync(["-H", "x-pico-endpoint: web", node.Proxy.ToString()])).Text == "ok");
        }

        Assert.Matches(@"(?m)^pico_relays_opened_total(\{.*\})? 2$", await Readiness.GetAsync(new(cluster.Nodes[1].Admin, "/metrics")));
        foreach (var node in cluster.Nodes)
            Assert.DoesNotContain("serves alone", node.Process.Log, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Agents_BehindOneLoadBalancer_HoldTunnelsToDistinctNodes()
    {
        await using var cluster = await ClusterProcesses.StartAsync();
        await using var balancer = await HAProxyService.StartAsync(cluster.Nodes, idle: TimeSpan.FromSeconds(20), tunnelIdle: TimeSpan.FromMinutes(1));
        var agents = Enumerable.Range(0, 4).Select(i => AgentProcess.Launch(balancer.Upstream, $"agent-{i}/http://127.0.0.1:9")).ToArray();
        try
        {
            foreach (var agent in agents)
                await agent.Process.WaitUntilAsync("it is ready", token => Readiness.IsOkAsync(new(agent.Admin, "/ready"), token));
            await ClusterProcesses.WaitForTunnelsAsync(agents);
        }
        finally
        {
            foreach (var agent in agents)
                await agent.DisposeAsync();
        }
    }
}
