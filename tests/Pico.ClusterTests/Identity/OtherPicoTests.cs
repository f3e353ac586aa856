using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Identity;

/// <summary>Pods whose agents belong to another Pico: it knows them by their cluster's keys in a file, and they know it by an authority in a ConfigMap.</summary>
[Trait(UnderLoad.Trait, UnderLoad.Runs)]
public sealed class OtherPicoTests(PicoRelease pico)
{
    private const int AgentPort = 8004;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Pod_OfAnotherPico_ServesByTlsWhatItsNamespaceMayRegisterThere_AndNothingElse()
    {
        var other = await pico.OtherAsync();
        var (open, closed) = ($"open-{other.Scene.Name[^8..]}", other.Scene.Endpoint("closed"));

        await other.Scene.DeployAsync(
            Manifests.Service("web", $"pico.dev/server: \"{other.Server}\", pico.dev/server-ca: {OtherPico.Authority}, pico.dev/endpoints: \"{open}/8080,{closed}/8080\""), "web");

        await Deadline.UntilAsync("each server of the other Pico has what is allowed", Patience, async _ => (await other.StatusAsync()).All(status => Has(status, open)));
        var pod = Assert.Single(await other.Scene.Kubectl.ListAsync(other.Scene.Name, "pods -l app=web"))["metadata"]!["name"]!.GetValue<string>();
        await using var agent = await PodPort.ForwardAsync(other.Scene.Kubectl, other.Scene.Name, $"pod/{pod}", AgentPort);
        await Deadline.UntilAsync("the agent knows that it may not have the other one", Patience, async token =>
            (await agent.Http.GetStringAsync("/status", token)).Contains($"\"{closed}\":", StringComparison.Ordinal));
        Assert.DoesNotContain(await other.StatusAsync(), status => Has(status, closed));
        await using var proxy = await PodPort.ForwardAsync(other.Scene.Kubectl, other.Scene.Name, "service/other-proxy", 8000);
        var (code, body) = await proxy.GetAsync(open);
        Assert.Equal(System.Net.HttpStatusCode.OK, code);
        Assert.StartsWith("web-", body, StringComparison.Ordinal);
    }

    private static bool Has(System.Text.Json.Nodes.JsonNode status, string endpoint) =>
        status["endpoints"]!.AsArray().Any(e => e!["id"]!.GetValue<string>() == endpoint);
}
