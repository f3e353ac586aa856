using System.Text.RegularExpressions;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>A node and an agent are cut off from the others for two minutes, under traffic: connections between the sides hang, and nobody is told.</summary>
[Trait(Long.Trait, Long.Runs)]
public sealed partial class PartitionTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Cut = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan WholeWithin = TimeSpan.FromSeconds(10);

    /// <summary>A tunnel that hangs is known to be dead, and whoever waited for it has an answer.</summary>
    private static readonly TimeSpan DeadWithin = TimeSpan.FromSeconds(28);

    /// <summary>An agent of which both tunnels hang has others, on its own side.</summary>
    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(60);

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
        await traffic.WaitAsync(TimeSpan.FromSeconds(2));

        // Of two tunnels to three nodes the left agent has one on its side in any case.
        var isRightHeld = (await ClusterProcesses.NodesWithAllAsync(right)).Contains("node-3");
        var before = traffic.Log.Now;
        await network.CutAsync();
        var cut = traffic.Log.Now;
        await traffic.WaitAsync(Cut);
        var healed = traffic.Log.Now;
        await network.HealAsync();
        await Deadline.UntilAsync("the cluster is whole", WholeWithin, async _ => await IsWholeAsync(cluster) && await probe.AreAllServedAsync());
        var whole = traffic.Log.Now;
        await traffic.WaitAsync(TimeSpan.FromSeconds(15));
        await probe.StopAsync();
        await traffic.StopAsync();

        output.WriteLine($"Cut at {cut.TotalSeconds:F1} s, healed at {healed.TotalSeconds:F1} s, whole {(whole - healed).TotalSeconds:F1} s later; the right agent had {(isRightHeld ? "a" : "no")} tunnel on its side.");
        output.WriteLine($"{traffic.Log.Exchanges} exchanges, {traffic.Log.Failures.Count} failed: {string.Join(", ", traffic.Log.Failures.GroupBy(f => f.What).Select(g => $"{g.Count()} {g.Key}, at most {g.Max(f => (f.Ended - f.Began).TotalSeconds):F1} s"))}");
        var own = probe.Probes.Where(p => p.Began >= cut && p.Ended < healed && IsOwn(p)).ToList();
        var others = probe.Probes.Where(p => p.Began >= cut && p.Ended < healed && !IsOwn(p)).ToList();
        output.WriteLine($"While cut, asked for the own side's: {Summary(own)}");
        output.WriteLine($"While cut, asked for the other side's: {Summary(others)}");
        var explanation = new Lazy<string>(() => $"{cluster.Log()}\n== the left agent\n{left.Process.Log}\n== the right agent\n{right.Process.Log}");

        // What a side has it serves from the first moment on; what it has to get back first, soon.
        All(own.Where(p => p.Endpoint != "solo" || isRightHeld || p.Began - cut > BackWithin), p => p.IsServed && p.Took < DeadWithin, explanation);
        // What it has not, it says so: within the time that a dead tunnel needs to be known as such, then at once.
        All(others.Where(p => p.Endpoint != "tcp"), p => Refusal().IsMatch(p.Answer), explanation);
        All(others, p => p.Took < DeadWithin, explanation);
        All(others.Where(p => p.Began - cut > BackWithin), p => !p.IsServed && p.Took < TimeSpan.FromSeconds(2), explanation);
        All(others.Where(p => p.Began - cut > BackWithin && p.Endpoint != "tcp"), p => p.Answer == "502 no_available_upstreams", explanation);
        // Nothing fails before or after.
        All(probe.Probes.Where(p => p.Ended < before || p.Began >= whole), p => p.IsServed, explanation);
        All(traffic.Log.Failures, f => f.Ended >= before && f.Began < whole, explanation);
        Assert.True(await IsWholeAsync(cluster), explanation.Value);
        All(cluster.Nodes, node => Life().Matches(node.Process.Log).Select(m => m.Value).Distinct().Count() == 2, explanation);
    }

    private static bool IsOwn(Probe probe) => (probe.Node == 2) == (probe.Endpoint == "solo");

    private static async Task<bool> IsWholeAsync(ClusterProcesses cluster) =>
        (await Task.WhenAll(cluster.Nodes.Select(ClusterProcesses.StatesAsync))).All(states => states is ["ready", "ready", "ready"]);

    private static string Summary(IEnumerable<Probe> probes) => string.Join("; ", probes.GroupBy(p => p.Answer).OrderByDescending(g => g.Count())
        .Select(g => $"{g.Count()} × {g.Key}, at most {g.Max(p => p.Took).TotalSeconds:F1} s, the last begun {g.Max(p => p.Began).TotalSeconds:F0} s"));

    private static void All<T>(IEnumerable<T> items, Func<T, bool> holds, Lazy<string> explanation)
    {
        var wrong = items.Where(item => !holds(item)).ToList();
        if (wrong.Count > 0)
            Assert.Fail($"{wrong.Count} are wrong:\n{string.Join('\n', wrong.Take(20))}\n{explanation.Value}");
    }

    [GeneratedRegex("^(502 (no_available_upstreams|upstream_unreachable)|504 upstream_timeout)$")]
    private static partial Regex Refusal();

    [GeneratedRegex(@"(?<=Member )\S+(?= at )")]
    private static partial Regex Life();
}
