using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>Working sets of idle programs, as the kubelet counts them: the cgroup's usage without inactive files.</summary>
[Collection(nameof(Alone))]
public sealed class MemoryTests(PicoRelease pico)
{
    private const int Megabyte = 1_000_000;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task InjectedAgent_Idle_WorksIn25Megabytes()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        var id = scene.Endpoint("web");
        await scene.DeployAsync(Manifests.Service("web", $"pico.dev/endpoints: {id}/8080"), "web");
        await scene.UntilAllServeAsync(id, Settles);

        await AssertSettlesAsync(scene.Name, "pods -l app=web", "pico-agent", 25 * Megabyte);
    }

    [Fact]
    public async Task Servers_WithAThousandEndpoints_WorkIn150Megabytes()
    {
        const int Endpoints = 1000;
        await using var scene = await pico.CreateNamespaceAsync();
        var ids = Enumerable.Range(1, Endpoints).Select(i => scene.Endpoint($"e{i}")).ToArray();
        await scene.DeployAsync(Manifests.Service("many", $"pico.dev/endpoints: \"{string.Join(',', ids.Select(id => $"{id}/8080"))}\""), "many");
        foreach (var id in (string[])[ids[0], ids[Endpoints / 2], ids[^1]])
            await scene.UntilAllServeAsync(id, Settles);

        await AssertSettlesAsync(PicoRelease.Namespace, PicoRelease.ServerPods, "server", 150 * Megabyte);
    }

    /// <summary>Fails if one of the pods, observed when it has been idle for a while, stays above <paramref name="limit"/> bytes.</summary>
    private async Task AssertSettlesAsync(string @namespace, string pods, string container, long limit)
    {
        var idle = TimeProvider.System.GetUtcNow() + Idle;
        foreach (var pod in (await pico.Kubectl.ListAsync(@namespace, pods)).Where(PicoRelease.IsReady))
        {
            var (name, node) = (pod["metadata"]!["name"]!.GetValue<string>(), pod["spec"]!["nodeName"]!.GetValue<string>());
            var last = 0L;
            await IntegrationTests.Fixtures.Deadline.UntilAsync(
                $"{name} works in {limit} bytes", Settles, async _ => (last = await WorkingSetAsync(node, name, container, idle)) is > 0 and var bytes && bytes <= limit);
            TestContext.Current.SendDiagnosticMessage($"{name}, {container}: {last / Megabyte} MB of {limit / Megabyte}");
        }
    }

    // As observed after a time; 0 if there is no such observation yet.
    private async Task<long> WorkingSetAsync(string node, string pod, string container, DateTimeOffset after)
    {
        var summary = JsonNode.Parse(await pico.Kubectl.RunAsync("get", "--raw", $"/api/v1/nodes/{node}/proxy/stats/summary"))!;
        var stats = summary["pods"]!.AsArray().FirstOrDefault(p => p!["podRef"]!["name"]!.GetValue<string>() == pod);
        var memory = stats?["containers"]!.AsArray().FirstOrDefault(c => c!["name"]!.GetValue<string>() == container)?["memory"];
        return memory?["time"]!.GetValue<DateTimeOffset>() > after ? memory["workingSetBytes"]!.GetValue<long>() : 0;
    }
}
