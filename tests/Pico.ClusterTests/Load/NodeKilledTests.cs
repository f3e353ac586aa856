using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Load;

/// <summary>A machine is gone from one moment to the next: kubelet, container runtime and network. What counts as failed: <see cref="LoadRun"/>.</summary>
[Collection(nameof(Alone))]
[Trait(UnderLoad.Trait, UnderLoad.Runs)]
[RunsLast(2)]
public sealed class NodeKilledTests(PicoRelease pico)
{
    private const int RequestsPerSecond = 200;
    private const int ConnectionsPerSecond = 20;

    /// <summary>The other servers know by then that one of them is dead: the gossip's time to detect, and a second for a busy machine.</summary>
    private const double Noticed = 4.5;

    /// <summary>The dead server must be out of the proxy Service by then: the others have it evicted, long before Kubernetes holds its node to be dead.</summary>
    private const double OutOfService = 15;

    // A new connection from the very port of one that has just failed goes where that one went, until the kernel forgets it: no matter of Pico or the cluster.
    private const int StaleConnections = 5;

    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Node_Killed_FailsOnlyWhatRanOverIt_AndTheProxyServiceAnswersAgain()
    {
        var tool = NodeTool.Require();
        var client = (await pico.LoadAsync()).Client;
        var servers = await SpreadServersAsync();
        var victim = servers.Select(NodeOf).First(node => node != client.Node);
        var killedServers = servers.Where(pod => NodeOf(pod) == victim).Select(pod => $"{pod["status"]!["podIP"]!.GetValue<string>()}:8000").ToHashSet(StringComparer.Ordinal);
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.DeployAsync(Manifests.Service("web", $"pico.dev/endpoints: {scene.Endpoint("web")}/8080", replicas: 2, notOn: victim), "web");
        var service = await pico.Kubectl.FindAsync(PicoRelease.Namespace, "service/pico-proxy");
        await using var load = await client.BeginAsync(scene.Endpoint("web"), RequestsPerSecond);
        await using var proxy = await client.BeginAsync(scene.Endpoint("web"), ConnectionsPerSecond, $"{service!["spec"]!["clusterIP"]!.GetValue<string>()}:8000");

        LoadOutcome byServer, byService;
        double killed, killedOfService;
        try
        {
            await tool.KillAsync(victim);
            (killed, killedOfService) = ((await load.ReportAsync()).Seconds, (await proxy.ReportAsync()).Seconds);
            await load.WaitAsync(Watched);
            (byServer, byService) = (await load.EndAsync(), await proxy.EndAsync());
        }
        finally
        {
            await tool.RestoreAsync(victim);
            await pico.Kubectl.UntilAsync("the node is back", "default", $"node/{victim}", Patience, node => Conditions.IsTrue(node, "Ready"));
            await pico.UntilServersAsync(3);
        }

        var survivors = byServer.Failures.Where(f => !killedServers.Contains(f.Server)).ToList();
        TestContext.Current.SendDiagnosticMessage(
            $"Killed at {killed:F1} s. {byServer}\nBy the surviving servers {survivors.Count} failed, the last began {survivors.Select(f => f.Began - killed).DefaultIfEmpty().Max():F1} s after that.\n"
            + $"By the Service: {byService}\nThe last that failed began {byService.Failures.Select(f => f.Began - killedOfService).DefaultIfEmpty().Max():F1} s after the end of the node.");
        Assert.All(survivors, f => Assert.True(f.Began < killed + Noticed, $"{f}"));
        var late = byService.Failures.Where(f => f.Began >= killedOfService + OutOfService).ToList();
        Assert.True(late.Count <= StaleConnections, string.Join('\n', late));
        Assert.Contains(byServer.Answered, a => !killedServers.Contains(a.Key));
    }

    /// <summary>The servers that are ready, each on a node of its own: after a roll several may have ended up on one, and who is left when that dies is no majority.</summary>
    private async Task<IReadOnlyList<JsonNode>> SpreadServersAsync()
    {
        for (var tries = 0; ; tries++)
        {
            await pico.UntilServersAsync(3);
            var servers = (await pico.Kubectl.ListAsync(PicoRelease.Namespace, PicoRelease.ServerPods)).Where(PicoRelease.IsReady).ToList();
            var byNode = servers.GroupBy(NodeOf).ToList();
            var crowded = byNode.MaxBy(group => group.Count())!;
            if (crowded.Count() == 1)
                return servers;
            Assert.InRange(tries, 0, 3);
            await MoveToOtherNodeAsync(crowded.First()["metadata"]!["name"]!.GetValue<string>(), [.. byNode.Select(group => group.Key)]);
        }
    }

    /// <summary>The pod's successor comes to none of these nodes, wherever the scheduler would have put it.</summary>
    private async Task MoveToOtherNodeAsync(string pod, string[] notTo)
    {
        try
        {
            await pico.Kubectl.RunAsync(["cordon", .. notTo]);
            await pico.Kubectl.RunAsync("delete", "pod", pod, "--namespace", PicoRelease.Namespace);
            await pico.UntilServersAsync(3);
        }
        finally
        {
            await pico.Kubectl.RunAsync(["uncordon", .. notTo]);
        }
    }

    private static string NodeOf(JsonNode pod) => pod["spec"]!["nodeName"]!.GetValue<string>();
}
