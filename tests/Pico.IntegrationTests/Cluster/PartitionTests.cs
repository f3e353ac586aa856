using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>A node and an agent are cut off from the others for two minutes, under traffic: connections between the sides hang, and nobody is told.</summary>
[Collection(nameof(Alone))]
public sealed class PartitionTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Cut = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan WholeWithin = TimeSpan.FromSeconds(10);

    [Fact(Timeout = 300_000)]
    public async Task Node_CutOffForTwoMinutes_BothSidesServeTheirOwnAndAllIsWholeTenSecondsAfterHealing()
    {
        await using var network = await SplitNetwork.CreateAsync();
        await using var services = await TrafficServices.StartAsync(SplitNetwork.Tests);
        await using var cluster = await ClusterProcesses.StartAsync([network.Left(1), network.Left(2), network.Right(1)]);
        await using var left = await cluster.StartAgentAsync("left", $"web/{services.Web},tcp/{services.Tcp}", network.Left(3));
        await using var right = await cluster.StartAgentAsync("right", $"solo/{services.Web}", network.Right(3));
        await using var traffic = await Traffic.StartAsync(cluster);
        await using var probe = await SideProbe.StartAsync(cluster.Nodes, traffic.Log);
        await traffic.Log.WaitAsync(TimeSpan.FromSeconds(2));

        var cut = traffic.Log.Now;
        await network.CutAsync();
        await traffic.Log.WaitAsync(Cut);
        var healed = traffic.Log.Now;
        await network.HealAsync();
        await Deadline.UntilAsync("the cluster is whole", TimeSpan.FromSeconds(60), async _ =>
            (await Task.WhenAll(cluster.Nodes.Select(ClusterProcesses.StatesAsync))).All(states => states is ["ready", "ready", "ready"]) && await probe.AreAllServedAsync());
        var whole = traffic.Log.Now;
        await traffic.Log.WaitAsync(TimeSpan.FromSeconds(15));
        await probe.StopAsync();
        await traffic.StopAsync();

        output.WriteLine($"Cut at {cut.TotalSeconds:F1} s, healed at {healed.TotalSeconds:F1} s, whole {(whole - healed).TotalSeconds:F1} s later.");
        output.WriteLine(traffic.Log.ToString());
        foreach (var group in probe.Probes.GroupBy(p => (p.Node, p.Endpoint)).OrderBy(g => g.Key))
        {
            output.WriteLine($"node {group.Key.Node + 1} {group.Key.Endpoint}");
            foreach (var answers in group.GroupBy(p => (Phase: p.Began < cut ? 0 : p.Began < healed ? (int)(1 + (p.Began - cut).TotalSeconds / 10) : 100, p.Answer)).OrderBy(a => a.Key.Phase))
                output.WriteLine($"   {answers.Key}: {answers.Count()}, at most {answers.Max(a => a.Took).TotalMilliseconds:F0} ms");
        }

        output.WriteLine(cluster.Log());
        output.WriteLine(left.Process.Log);
        output.WriteLine(right.Process.Log);
        Assert.InRange(whole - healed, TimeSpan.Zero, WholeWithin);
    }
}
