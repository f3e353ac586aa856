using System.Net;
using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>PicoEndpoints that cannot be served say why, and disturb nobody.</summary>
[Collection(nameof(Alone))]
public sealed class ConflictTests(PicoRelease pico)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task PicoEndpoint_WhoseIdAnotherNamespaceHas_IsRefusedUntilTheOwnerGoes()
    {
        await using var owner = await pico.CreateNamespaceAsync();
        await using var rival = await pico.CreateNamespaceAsync();
        var id = owner.Endpoint("orders");
        await Task.WhenAll(
            owner.DeployAsync(Manifests.Service("first", "pico.dev/inject: \"true\""), "first"),
            rival.DeployAsync(Manifests.Service("second", "pico.dev/inject: \"true\""), "second"));
        await owner.ApplyAsync(Manifests.Endpoint("orders", id, "first"));
        await owner.UntilAllServeAsync(id, Soon);
        // A second later by the API server's clock, which counts whole seconds.
        var created = (await owner.Kubectl.FindAsync(owner.Name, "pep/orders"))!["metadata"]!["creationTimestamp"]!.GetValue<DateTime>();
        await IntegrationTests.Fixtures.Deadline.UntilAsync("the next second", Soon, () => TimeProvider.System.GetUtcNow().UtcDateTime > created.AddSeconds(2));

        await rival.ApplyAsync(Manifests.Endpoint("orders", id, "second"));
        var refused = await rival.Kubectl.UntilAsync("the rival is refused", rival.Name, "pep/orders", Soon, pep => Conditions.IsFalse(pep, "Accepted", "Conflict"));
        Assert.Contains("another namespace", Message(refused), StringComparison.Ordinal);
        Assert.DoesNotContain(owner.Name, Message(refused), StringComparison.Ordinal);
        await owner.UntilAllAnswerAsync(id, Soon, (status, body) => status == HttpStatusCode.OK && body.StartsWith("first-", StringComparison.Ordinal));

        await owner.Kubectl.RunAsync("delete", "pep/orders", "--namespace", owner.Name);
        await rival.UntilAllAnswerAsync(id, Soon, (status, body) => status == HttpStatusCode.OK && body.StartsWith("second-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PicoEndpoint_ThatTheControllerFindsInvalid_SaysWhatToChangeAndLeavesItsNeighboursAlone()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        var id = scene.Endpoint("web");
        await scene.DeployAsync(Manifests.Service("web", "pico.dev/inject: \"true\""), "web");
        await scene.ApplyAsync(Manifests.Endpoint("web", id, "web"));
        await scene.UntilAllServeAsync(id, Soon);

        // No schema can say that In needs values.
        await scene.ApplyAsync(Manifests.Endpoint("wrong", scene.Endpoint("wrong"), "web").Replace(
            "matchLabels: {app: web}", "matchExpressions: [{key: app, operator: In}]", StringComparison.Ordinal));
        var wrong = await scene.Kubectl.UntilAsync("it is refused", scene.Name, "pep/wrong", Soon, pep => Conditions.IsFalse(pep, "Accepted", "Invalid"));
        Assert.Contains("spec.selector", Message(wrong), StringComparison.Ordinal);
        Assert.Contains("values", Message(wrong), StringComparison.Ordinal);
        await scene.Kubectl.UntilAsync(
            "an Event says so", scene.Name, "events --field-selector involvedObject.name=wrong", Soon, events => events.Any(e => e["reason"]!.GetValue<string>() == "Invalid"));

        await scene.UntilAllServeAsync(id, Soon);
        Assert.True(Conditions.IsTrue((await scene.Kubectl.FindAsync(scene.Name, "pep/web"))!, "Accepted"));
    }

    [Theory]
    [InlineData("port: 8080", "port: 99999", "spec.port")]
    [InlineData("endpointId: web", "endpointId: Web_1", "spec.endpointId")]
    [InlineData("port: 8080", "protocol: HTTP3", "spec.protocol")]
    [InlineData("port: 8080", "serviceRef: {name: web, port: 80}", "spec")]
    public async Task PicoEndpoint_ThatTheSchemaForbids_IsRefusedAtOnceByName(string right, string wrong, string field)
    {
        await using var scene = await pico.CreateNamespaceAsync();

        var result = await scene.Kubectl.TryApplyAsync(scene.Name, Manifests.Endpoint("web", "web", "web").Replace(right, wrong, StringComparison.Ordinal));

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(field, result.Error, StringComparison.Ordinal);
    }

    private static string Message(JsonNode pep) => Conditions.Find(pep, "Accepted")!["message"]!.GetValue<string>();
}
