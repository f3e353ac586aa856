using System.Net;
using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Identity;

/// <summary>Agents are known by the ServiceAccounts of their pods, without any key or secret; what they may register follows from who claims it.</summary>
[Collection(nameof(Alone))]
public sealed class IdentityTests(PicoRelease pico)
{
    private const int AgentPort = 8004;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Endpoint_ThatAnotherNamespaceClaims_IsRefusedThere_AndServedByItsOwner()
    {
        await using var owner = await pico.CreateNamespaceAsync();
        await using var other = await pico.CreateNamespaceAsync();
        var (claimed, free) = (owner.Endpoint("claimed"), other.Endpoint("free"));
        await owner.ApplyAsync(Manifests.Endpoint("claimed", claimed, "web"));
        await owner.Kubectl.UntilAsync("it is claimed", owner.Name, "pep/claimed", Patience, pep => Conditions.IsTrue(pep, "Accepted"));

        await other.DeployAsync(Manifests.Service("web", $"pico.dev/inject: \"true\", pico.dev/endpoints: \"{claimed}/8080,{free}/8080\""), "web");
        await other.UntilAllServeAsync(free, Soon);
        await UntilAgentSaysAsync(other, "it is refused the claimed endpoint", status => status.Contains(claimed, StringComparison.Ordinal) && status.Contains(owner.Name, StringComparison.Ordinal));
        await owner.UntilNoneServesAsync(claimed, Soon);

        await owner.DeployAsync(Manifests.Service("web", "pico.dev/inject: \"true\""), "web");
        await owner.UntilAllServeAsync(claimed, Patience);
        var pods = (await owner.Kubectl.ListAsync(owner.Name, "pods")).Select(pod => pod["metadata"]!["name"]!.GetValue<string>()).ToList();
        foreach (var server in await pico.ServersAsync())
        {
            var (status, body) = await server.GetAsync(claimed);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Contains(body.Split(':')[0], pods);
        }
    }

    [Fact]
    public async Task Token_ForAnotherAudience_IsRefused_AndOneForPicoIsTaken()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        var (good, bad) = (scene.Endpoint("good"), scene.Endpoint("bad"));
        foreach (var (name, id, audience) in new[] { ("good", good, "pico"), ("bad", bad, "https://kubernetes.default.svc.cluster.local") })
        {
            await scene.ApplyAsync(Manifests.Token(name, await scene.Kubectl.CreateTokenAsync(scene.Name, audience)));
            await scene.ApplyAsync(Manifests.Service(name, $"pico.dev/endpoints: {id}/8080, pico.dev/token-secret: {name}"));
        }

        await scene.UntilAllServeAsync(good, Patience);
        await Deadline.UntilAsync("a server tells why it refuses the agent's token", Patience, async _ =>
        {
            var pod = Assert.Single(await scene.Kubectl.ListAsync(scene.Name, "pods -l app=bad"));
            return pod["status"]?["podIP"]?.GetValue<string>() is { } address && (await pico.EventsAsync()).Any(e =>
                e["subject"]!.GetValue<string>().EndsWith(address, StringComparison.Ordinal) && e["message"]!.GetValue<string>().Contains("audience", StringComparison.Ordinal));
        });
        await scene.UntilNoneServesAsync(bad, Soon);
    }

    private static async Task UntilAgentSaysAsync(TestNamespace scene, string wish, Func<string, bool> condition)
    {
        var pod = Assert.Single(await scene.Kubectl.ListAsync(scene.Name, "pods"))["metadata"]!["name"]!.GetValue<string>();
        await using var port = await PodPort.ForwardAsync(scene.Kubectl, scene.Name, $"pod/{pod}", AgentPort);
        var last = "";
        try
        {
            await Deadline.UntilAsync(wish, Patience, async token => condition(last = await port.Http.GetStringAsync("/status", token)));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; the agent says {last}", e);
        }
    }
}
