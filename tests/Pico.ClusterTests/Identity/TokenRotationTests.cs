using Pico.ClusterTests.Fixtures;
using Pico.ClusterTests.Load;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Identity;

/// <summary>An agent's token is replaced while requests run. What counts as failed: <see cref="LoadRun"/>.</summary>
[Collection(nameof(Alone))]
public sealed class TokenRotationTests(PicoRelease pico)
{
    private const int Rounds = 3;
    private const int RequestsPerSecond = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task TokenFile_SwappedAgainAndAgain_FailsNoRequest()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.ApplyAsync(Manifests.Token("token", await scene.Kubectl.CreateTokenAsync(scene.Name, "pico")));
        await scene.DeployAsync(Manifests.Service("web", $"pico.dev/endpoints: {scene.Endpoint("web")}/8080, pico.dev/token-secret: token"), "web");
        await using var load = await (await pico.LoadAsync()).Client.BeginAsync(scene.Endpoint("web"), RequestsPerSecond);

        for (var round = 1; round <= Rounds; round++)
        {
            await scene.ApplyAsync(Manifests.Token("token", await scene.Kubectl.CreateTokenAsync(scene.Name, "pico")));
            // The kubelet looks at a pod's volumes when the pod changes.
            await scene.Kubectl.RunAsync("annotate", "pods", "--all", "--overwrite", $"pico.dev/test-round={round}", "--namespace", scene.Name);
            await Deadline.UntilAsync($"the agent has taken token {round}", Patience, async _ => await CountRenewalsAsync(scene) >= round);
            await load.WaitAsync(TimeSpan.FromSeconds(3));
        }

        await load.EndWithoutFailureAsync();
    }

    private static async Task<int> CountRenewalsAsync(TestNamespace scene) =>
        (await scene.Kubectl.RunAsync("logs", "deployment/web", "--container", "pico-agent", "--namespace", scene.Name)).Split("has a new token").Length - 1;
}
