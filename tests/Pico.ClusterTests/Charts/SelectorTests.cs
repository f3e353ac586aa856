using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Charts;

/// <summary>What selects pods selects the ones that it means, and names ports that they have.</summary>
public sealed class SelectorTests
{
    public static IEnumerable<TheoryDataRow<string, string>> All => ValueSets.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task Deployments_SelectTheirOwnPods_AndNoOthers(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        Assert.All(rendering.Of("Deployment"), deployment =>
        {
            var selected = Selected(rendering, Labels(deployment.Spec["selector"]));
            Assert.Equal([deployment], selected.Select(p => p.Owner));
        });
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Services_LeadToPortsThatTheirPodsHave(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        Assert.NotEmpty(rendering.Of("Service"));
        Assert.All(rendering.Of("Service"), service =>
        {
            var pods = Selected(rendering, KubeObject.Text(service.Spec["selector"])).ToArray();
            Assert.Single(pods);
            Assert.All(service.Spec["ports"]!.AsArray(), port =>
                Assert.Contains(pods[0].Ports, p => p.Name == (string?)port!["targetPort"] && p.Protocol == ((string?)port["protocol"] ?? "TCP")));
        });

        var gossip = rendering.Get("Service", "pico-gossip");
        Assert.Equal("None", (string?)gossip.Spec["clusterIP"]);
        Assert.True((bool)gossip.Spec["publishNotReadyAddresses"]!);
        Assert.Equal(["TCP", "UDP"], gossip.Spec["ports"]!.AsArray().Select(p => (string?)p!["protocol"] ?? "TCP").Order());
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task DisruptionBudgets_AreForOneDeployment(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        Assert.All(rendering.Of("PodDisruptionBudget"), budget =>
        {
            Assert.Equal(kubernetes == "1.20.2" ? "policy/v1beta1" : "policy/v1", budget.ApiVersion);
            Assert.Equal(budget.Name, Assert.Single(Selected(rendering, Labels(budget.Spec["selector"]))).Owner.Name);
        });
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task SpreadConstraints_CountTheirOwnPods_WhereThatIsKnownThoseOfOneRollOnly(string values, string kubernetes)
    {
        var knowsKeys = Version.Parse(kubernetes) >= new Version(1, 27);
        foreach (var pod in (await Helm.RenderAsync(values, kubernetes)).Pods())
        {
            Assert.All(pod.Spec["topologySpreadConstraints"] as JsonArray ?? [], c =>
            {
                Assert.True(KubeObject.Selects(Labels(c!["labelSelector"]), pod.Labels), $"{pod} is spread over others");
                Assert.Equal(knowsKeys ? ["pod-template-hash"] : [], (c["matchLabelKeys"] as JsonArray ?? []).Select(k => k!.GetValue<string>()));
            });
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Monitors_AskAPortThatTellsMetrics(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        Assert.All(rendering.Of("PodMonitor"), monitor =>
        {
            var pod = Assert.Single(Selected(rendering, Labels(monitor.Spec["selector"])));
            Assert.All(monitor.Spec["podMetricsEndpoints"]!.AsArray(), e => Assert.Contains((string?)e!["port"], pod.Ports.Select(p => p.Name)));
        });
        Assert.All(rendering.Of("ServiceMonitor"), monitor => Assert.All(monitor.Spec["endpoints"]!.AsArray(), e => Assert.Single(
            rendering.Of("Service").Where(s => KubeObject.Selects(Labels(monitor.Spec["selector"]), s.Labels)),
            s => s.Spec["ports"]!.AsArray().Any(p => (string?)p!["name"] == (string?)e!["port"]))));
        if (values == ValueSets.Everything)
        {
            Assert.Equal(["pico-controller", "pico-server"], rendering.Of("PodMonitor").Select(m => m.Name).Order());
            Assert.Equal(["pico-controller", "pico-server"], rendering.Of("ServiceMonitor").Select(m => m.Name).Order());
        }
    }

    internal static IEnumerable<PodTemplate> Selected(Rendering rendering, IReadOnlyDictionary<string, string> selector) =>
        rendering.Pods().Where(p => KubeObject.Selects(selector, p.Labels));

    internal static IReadOnlyDictionary<string, string> Labels(JsonNode? selector)
    {
        Assert.Null(selector!["matchExpressions"]);
        return KubeObject.Text(selector["matchLabels"]);
    }
}
