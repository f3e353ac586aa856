using System.Net;
using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>Pods that serve endpoints by annotations and by PicoEndpoints.</summary>
[Collection(nameof(Alone))]
public sealed class SidecarTests(PicoRelease pico)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Injected = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task AnnotatedDeployment_OnceReady_AnswersThroughEveryServer()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        var id = scene.Endpoint("orders");
        await scene.DeployAsync(Manifests.Service("orders", $"pico.dev/inject: \"true\", pico.dev/endpoints: {id}/8080"), "orders");

        await scene.UntilAllServeAsync(id, Soon);

        foreach (var server in await pico.ServersAsync())
        {
            var (status, body) = await server.GetAsync(id, "/hello");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Matches("^orders-[a-z0-9-]+:8080 /hello\n$", body);
        }
    }

    [Fact]
    public async Task PicoEndpoint_AppliedChangedAndDeletedWhilePodsRun_HoldsWithinFiveSecondsWithoutARestart()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.DeployAsync(Manifests.Service("orders", "pico.dev/inject: \"true\""), "orders");
        var before = await PodsAsync(scene);
        var (id, other) = (scene.Endpoint("orders"), scene.Endpoint("other"));

        await scene.WithinAsync("applied", Soon, Manifests.Endpoint("orders", id, "orders"), () => scene.UntilAllServeAsync(id, Soon));
        await scene.Kubectl.UntilAsync("it is ready", scene.Name, "pep/orders", Injected, pep => Conditions.IsTrue(pep, "Ready"));

        await scene.WithinAsync("another port", Soon, Manifests.Endpoint("orders", id, "orders", 8081),
            () => scene.UntilAllAnswerAsync(id, Soon, (status, body) => status == HttpStatusCode.OK && body.Contains(":8081 ", StringComparison.Ordinal)));

        await scene.WithinAsync("another ID", Soon, Manifests.Endpoint("orders", other, "orders", 8081), () => scene.UntilAllServeAsync(other, Soon));
        await scene.UntilNoneServesAsync(id, Soon);

        var start = TimeProvider.System.GetTimestamp();
        await scene.Kubectl.RunAsync("delete", "pep/orders", "--namespace", scene.Name);
        await scene.UntilNoneServesAsync(other, Soon);
        TestNamespace.Report("deleted", Soon, start);

        Assert.Equal(before, await PodsAsync(scene));
    }

    [Fact]
    public async Task Pod_RelabelledInAndOutOfASelector_ServesAndLeavesWithinFiveSeconds()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.DeployAsync(Manifests.Service("web", "pico.dev/inject: \"true\""), "web");
        var id = scene.Endpoint("web");
        await scene.ApplyAsync(Manifests.Endpoint("web", id, "web").Replace("app: web", "track: stable", StringComparison.Ordinal));
        await scene.Kubectl.UntilAsync("nobody is selected", scene.Name, "pep/web", Injected, pep => Conditions.IsFalse(pep, "Ready", "NoAgents"));

        var start = TimeProvider.System.GetTimestamp();
        await scene.Kubectl.RunAsync("label", "pods", "--selector=app=web", "track=stable", "--namespace", scene.Name);
        await scene.UntilAllServeAsync(id, Soon);
        TestNamespace.Report("labelled", Soon, start);

        start = TimeProvider.System.GetTimestamp();
        await scene.Kubectl.RunAsync("label", "pods", "--selector=app=web", "track-", "--namespace", scene.Name);
        await scene.UntilNoneServesAsync(id, Soon);
        TestNamespace.Report("unlabelled", Soon, start);
    }

    // Name, UID and restarts of every container.
    private static async Task<IReadOnlyList<string>> PodsAsync(TestNamespace scene) =>
        [.. (await scene.Kubectl.ListAsync(scene.Name, "pods")).Select(pod =>
            $"{pod["metadata"]!["name"]} {pod["metadata"]!["uid"]} {string.Join(',', pod["status"]!["containerStatuses"]!.AsArray().Select(c => c!["restartCount"]!))}")];
}
