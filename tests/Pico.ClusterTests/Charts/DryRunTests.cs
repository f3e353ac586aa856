using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;
using Pico.Tests;

namespace Pico.ClusterTests.Charts;

/// <summary>What a real API server says of every rendered object that it serves (<c>kubectl apply --dry-run=server</c>). Nothing is changed but a namespace of the test's own.</summary>
public sealed class DryRunTests(PicoRelease release)
{
    /// <summary>What no plain cluster serves: those are checked on the rendered objects alone.</summary>
    private static readonly string[] Foreign = ["HTTPRoute", "PodMonitor", "ServiceMonitor", "PrometheusRule", "Certificate", "Issuer"];

    public static IEnumerable<TheoryDataRow<string>> Sets => LintTests.Sets;

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task ApiServer_AcceptsEveryObjectOfTheChart(string values)
    {
        var kubectl = await release.ClusterAsync();
        var version = JsonNode.Parse(await kubectl.RunAsync("version", "--output", "json"))!["serverVersion"]!;
        var @namespace = $"pico-test-dry-run-{values}";
        await kubectl.RunAsync("create", "namespace", @namespace);
        try
        {
            var text = (await Helm.RunAsync(
            [
                "template", Helm.Release, Helm.Chart, "--namespace", @namespace, "--kube-version", (string)version["gitVersion"]!, "--values", ValueSets.File(values),
                .. values == ValueSets.Namespaced ? (string[])["--set", $"controller.watchNamespaces={{{@namespace}}}"] : [],
            ])).Succeeded().Text;
            await AssertAcceptedAsync(kubectl, @namespace, text);
        }
        finally
        {
            await kubectl.RunAsync("delete", "namespace", @namespace, "--wait=false");
        }
    }

    /// <summary>With the resource definition there, which is what an installation leaves.</summary>
    [Fact]
    public async Task ApiServer_AcceptsEveryExample()
    {
        await using var target = await release.CreateNamespaceAsync();
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "manifests", "examples"), "*.yaml"))
            await AssertAcceptedAsync(release.Kubectl, target.Name, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace("namespace: shop", $"namespace: {target.Name}", StringComparison.Ordinal));
    }

    private static async Task AssertAcceptedAsync(Kubectl kubectl, string @namespace, string text)
    {
        var served = Rendering.Parse(text).Objects.Where(o => !Foreign.Contains(o.Kind)).Select(o => o.Json.ToJsonString()).ToArray();
        Assert.NotEmpty(served);
        var list = $$"""{"apiVersion": "v1", "kind": "List", "items": [{{string.Join(',', served)}}]}""";
        var answer = await kubectl.TryApplyAsync(@namespace, list, "--dry-run=server");
        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Equal(served.Length, answer.Text.Split('\n').Count(l => l.EndsWith("(server dry run)", StringComparison.Ordinal)));
    }
}
