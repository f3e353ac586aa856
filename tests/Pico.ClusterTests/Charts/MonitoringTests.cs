using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pico.ClusterTests.Charts;

/// <summary>Dashboards and alerts are in the release as they are in the chart's files, and only if they are asked for.</summary>
public sealed class MonitoringTests
{
    [Fact]
    public async Task Alerts_ThatAreAskedFor_AreThoseOfTheFile_WithWholeLinks()
    {
        var rendering = await Helm.RenderAsync(ValueSets.Everything, ValueSets.Kubernetes[^1]);

        var rule = Assert.Single(rendering.Of("PrometheusRule"));
        Assert.Equal("prometheus", rule.Labels["release"]);
        var rules = rule.Spec["groups"]![0]!["rules"]!.AsArray();
        var file = ReadFile("alerts.yaml")["groups"]![0]!["rules"]!.AsArray();
        Assert.Equal(file.Select(r => (string)r!["expr"]!), rules.Select(r => (string)r!["expr"]!));
        Assert.All(rules, r => Assert.Equal($"https://docs.example.com/pico/runbook.md#{((string)r!["alert"]!).ToLowerInvariant()}", (string?)r["annotations"]!["runbook_url"]));
    }

    [Fact]
    public async Task Dashboards_ThatAreAskedFor_AreThoseOfTheFiles_WhereGrafanaLooks()
    {
        var rendering = await Helm.RenderAsync(ValueSets.Everything, ValueSets.Kubernetes[^1]);

        var maps = rendering.Of("ConfigMap").Where(m => m.Labels.GetValueOrDefault("grafana_dashboard") == "1").ToArray();
        Assert.Equal(
            Directory.GetFiles(Path.Combine(Helm.Chart, "files", "dashboards")).Select(f => "pico-" + Path.GetFileName(f)).Order(),
            maps.SelectMany(m => m.Json["data"]!.AsObject().Select(d => d.Key)).Order());
        foreach (var (name, content) in maps.SelectMany(m => m.Json["data"]!.AsObject()))
        {
            var file = await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "files", "dashboards", name["pico-".Length..]), TestContext.Current.CancellationToken);
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(file), JsonNode.Parse((string)content!)), name);
        }
    }

    [Fact]
    public async Task DashboardsAndAlerts_ThatNobodyAsksFor_AreNotThere()
    {
        var rendering = await Helm.RenderAsync(ValueSets.Default, ValueSets.Kubernetes[^1]);

        Assert.Empty(rendering.Of("PrometheusRule"));
        Assert.DoesNotContain(rendering.Of("ConfigMap"), m => m.Name.Contains("dashboard", StringComparison.Ordinal));
    }

    private static JsonNode ReadFile(string name)
    {
        var parser = new Parser(new StringReader(File.ReadAllText(Path.Combine(Helm.Chart, "files", name))));
        parser.Consume<StreamStart>();
        parser.Consume<DocumentStart>();
        return YamlJson.Read(parser)!;
    }
}
