using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>500 exchanges a second go on while nodes and agents come and go.</summary>
[Collection(nameof(Alone))]
public sealed class ProductionTrafficTests(ITestOutputHelper output)
{
    private const int Sigkill = 9;
    private const int Sigterm = 15;
    private const int Rounds = 3;

    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(1);

    [Fact(Timeout = 300_000)]
    public async Task EveryNode_RestartedThreeTimes_LosesNothing()
    {
        await using var busy = await BusyCluster.StartAsync("web,tcp", "web,tcp", "solo");
        var (cluster, traffic) = (busy.Cluster, busy.Traffic);

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var node in cluster.Nodes)
            {
                await cluster.RestartAsync(node);
                await ClusterProcesses.WaitForTunnelsAsync([.. busy.Agents]);
            }
        }

        await StopAsync(traffic);
        Assert.True(traffic.Log.Failures.Count == 0, busy.Explain());
    }

    [Fact(Timeout = 120_000)]
    public async Task Node_Killed_FailsOnlyWhatWasInFlight()
    {
        await using var busy = await BusyCluster.StartAsync("web,tcp", "web,tcp", "solo");
        var (cluster, traffic) = (busy.Cluster, busy.Traffic);

        var (killed, others) = (cluster.Nodes[0], cluster.Nodes.Skip(1).ToArray());
        killed.Process.Signal(Sigkill);
        var since = TimeProvider.System.GetTimestamp();
        var asking = Task.WhenAll(others.SelectMany(node => new[] { "web", "solo" }, (node, endpoint) => AskAsync(node, endpoint, since)));
        await killed.Process.WaitForExitAsync(TimeSpan.FromSeconds(5));
        var gone = traffic.Log.Now;
        var first = await asking;
        await traffic.WaitAsync(TimeSpan.FromSeconds(10));
        await cluster.ReplaceAsync(killed);
        var back = traffic.Log.Now;
        await Deadline.UntilAsync("the node that came back has its share of tunnels", TimeSpan.FromMinutes(1), async _ =>
            await Task.WhenAll(cluster.Nodes.Select(ClusterProcesses.CountTunnelsAsync)) is var counts && counts.Max() - counts.Min() <= 1);
        var even = traffic.Log.Now - back;

        await StopAsync(traffic);
        output.WriteLine($"The node was back at {back.TotalSeconds:F1} s, and had its share of tunnels {even.TotalSeconds:F1} s later.");
        output.WriteLine($"Killed at {gone.TotalSeconds:F2} s; the first requests after that took {string.Join(", ", first.Select(f => $"{f.TotalMilliseconds:F0} ms"))}.");
        // A post on a stream through that node is lost, and not repeated, until its own node has read that the link is broken.
        var later = traffic.Log.Failures.Where(f => f.Began > gone + (f.What == "posts" ? Noticed : TimeSpan.Zero)).ToList();
        Assert.True(later.Count == 0, $"{string.Join('\n', later)}\n{busy.Explain()}");
        Assert.All(first, time => Assert.InRange(time.TotalSeconds, 0, 1));
    }

    [Fact(Timeout = 120_000)]
    public async Task Agent_Stopped_LosesNothingThatAnotherServes()
    {
        const string All = "web,tcp,solo";
        await using var busy = await BusyCluster.StartAsync(All, All);

        await StopAsync(busy.Agents[0]);
        await busy.StartAgentAsync(All);
        await StopAsync(busy.Agents[1]);

        await StopAsync(busy.Traffic);
        Assert.True(busy.Traffic.Log.Failures.Count == 0, busy.Explain());
    }

    [Fact(Timeout = 120_000)]
    public async Task Agent_Killed_IsKnownToEveryNodeWithinFiveSeconds()
    {
        await using var cluster = await ClusterProcesses.StartAsync();
        await using var services = await TrafficServices.StartAsync();
        await using var agent = await cluster.StartAgentAsync("only", $"web/{services.Web}");
        foreach (var node in cluster.Nodes)
            await Deadline.UntilAsync("it is served", TimeSpan.FromSeconds(5), async _ => (await CurlAsync(node, "web")).Text == "ok");

        agent.Process.Signal(Sigkill);
        var since = TimeProvider.System.GetTimestamp();
        foreach (var node in cluster.Nodes)
        {
            await Deadline.UntilAsync("nobody serves it", TimeSpan.FromSeconds(5), async _ =>
                (await CurlAsync(node, "web")).Text.Contains("no_available_upstreams", StringComparison.Ordinal));
        }

        var known = TimeProvider.System.GetElapsedTime(since);
        output.WriteLine($"All nodes answered no_available_upstreams within {known.TotalMilliseconds:F0} ms.");
        Assert.InRange(known.TotalSeconds, 0, 5);
    }

    /// <summary>How long it takes from <paramref name="since"/> until the first request through a node is answered. One try: it must succeed.</summary>
    private static async Task<TimeSpan> AskAsync(ServerProcess node, string endpoint, long since)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        http.DefaultRequestHeaders.Add("x-pico-endpoint", endpoint);
        Assert.Equal("ok", await http.GetStringAsync(node.Proxy, TestContext.Current.CancellationToken));
        return TimeProvider.System.GetElapsedTime(since);
    }

    private static Task<CurlResponse> CurlAsync(ServerProcess node, string endpoint) => Curl.RunAsync(["-H", $"x-pico-endpoint: {endpoint}", node.Proxy.ToString()]);

    private async Task StopAsync(Traffic traffic)
    {
        await traffic.StopAsync();
        output.WriteLine(traffic.Log.ToString());
    }

    private static async Task StopAsync(AgentProcess agent)
    {
        agent.Process.Signal(Sigterm);
        Assert.Equal(0, await agent.Process.WaitForExitAsync(TimeSpan.FromSeconds(30)));
    }
}
