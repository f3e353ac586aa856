using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>The controller, and with it the webhook, is away.</summary>
[Collection(nameof(Alone))]
public sealed class WebhookDownTests(PicoRelease pico)
{
    private static readonly TimeSpan Starts = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Pod_MadeWhileTheWebhookIsAway_StartsWithoutAnAgentAndIsReportedAfterwards()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        try
        {
            await ScaleAsync(scene.Kubectl, 0);
            await pico.UntilNoControllersAsync();
            await scene.DeployAsync(Manifests.Service("web", $"pico.dev/inject: \"true\", pico.dev/endpoints: {scene.Endpoint("web")}/8080"), "web");
        }
        finally
        {
            await ScaleAsync(scene.Kubectl, 2);
            await pico.UntilLedAsync();
        }

        var pod = Assert.Single(await scene.Kubectl.ListAsync(scene.Name, "pods"));
        Assert.Single(pod["spec"]!["containers"]!.AsArray());
        await scene.Kubectl.UntilAsync(
            "an Event says that it has none", scene.Name, $"events --field-selector involvedObject.name={pod["metadata"]!["name"]}", Starts,
            events => events.Any(e => e["reason"]!.GetValue<string>() == "InjectionMissed"));

        await scene.Kubectl.RunAsync("rollout", "restart", "deployment/web", "--namespace", scene.Name);
        await scene.UntilAllServeAsync(scene.Endpoint("web"), Starts);
    }

    private static async Task ScaleAsync(Kubectl kubectl, int replicas)
    {
        const string Deployment = $"deployment/{PicoRelease.Name}-controller";
        await kubectl.RunAsync("scale", Deployment, $"--replicas={replicas}", "--namespace", PicoRelease.Namespace);
        await kubectl.UntilAsync(
            $"{replicas} controllers", PicoRelease.Namespace, Deployment, Starts,
            d => (d["status"]!["readyReplicas"]?.GetValue<int>() ?? 0) == replicas && (d["status"]!["replicas"]?.GetValue<int>() ?? 0) == replicas);
    }
}
