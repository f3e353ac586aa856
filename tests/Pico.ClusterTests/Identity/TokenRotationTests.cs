using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;
using Pico.ClusterTests.Load;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Identity;

/// <summary>An agent's token is replaced while requests run. What counts as failed: <see cref="LoadRun"/>.</summary>
[Collection(nameof(Alone))]
public sealed class TokenRotationTests(PicoRelease pico)
{
    private const int AgentPort = 8004;
    private const int Rounds = 3;
    private const int RequestsPerSecond = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task TokenFile_SwappedAgainAndAgain_FailsNoRequest()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.ApplyAsync(Manifests.Token("token", await scene.Kubectl.CreateTokenAsync(scene.Name, "pico")));
        await scene.DeployAsync(Manifests.Service("web", $"pico.dev/endpoints: {scene.Endpoint("web")}/8080, pico.dev/token-secret: token"), "web");
        var pod = Assert.Single(await scene.Kubectl.ListAsync(scene.Name, "pods"))["metadata"]!["name"]!.GetValue<string>();
        await using var agent = await PodPort.ForwardAsync(scene.Kubectl, scene.Name, $"pod/{pod}", AgentPort);
        await using var load = await (await pico.LoadAsync()).Client.BeginAsync(scene.Endpoint("web"), RequestsPerSecond);

        for (var round = 1; round <= Rounds; round++)
        {
            var before = await TunnelsAsync(agent);
            await scene.ApplyAsync(Manifests.Token("token", await scene.Kubectl.CreateTokenAsync(scene.Name, "pico")));
            // The kubelet looks at a pod's volumes when the pod changes.
            await scene.Kubectl.RunAsync("annotate", "pods", "--all", "--overwrite", $"pico.dev/test-round={round}", "--namespace", scene.Name);
            await Deadline.UntilAsync($"the agent has tunnels by token {round} only", Patience, async _ =>
                await TunnelsAsync(agent) is { Count: > 0 } tunnels && !tunnels.Overlaps(before));
            await load.WaitAsync(TimeSpan.FromSeconds(3));
        }

        await load.EndWithoutFailureAsync();
    }

    // Each by the moment it was opened; those that it is about to leave do not count.
    private static async Task<HashSet<string>> TunnelsAsync(PodPort agent) =>
    [
        .. from tunnel in JsonNode.Parse(await agent.Http.GetStringAsync("/status"))!["tunnels"]!.AsArray()
           where !tunnel["leaving"]!.GetValue<bool>()
           select tunnel["since"]!.GetValue<string>(),
    ];
}
