using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Charts;

/// <summary>Ways in from outside, and the autoscaler.</summary>
public sealed class RouteTests
{
    public static IEnumerable<TheoryDataRow<string>> Versions { get; } = [.. ValueSets.Kubernetes.Select(k => new TheoryDataRow<string>(k))];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Ingresses_LeadToTheirServices(string kubernetes)
    {
        var rendering = await Helm.RenderAsync(ValueSets.Everything, kubernetes);
        Assert.Equal(["pico-proxy", "pico-upstream"], rendering.Of("Ingress").Select(i => i.Name).Order());
        Assert.All(rendering.Of("Ingress"), ingress =>
        {
            Assert.Equal("networking.k8s.io/v1", ingress.ApiVersion);
            Assert.All(ingress.Spec["rules"]!.AsArray().SelectMany(r => r!["http"]!["paths"]!.AsArray()), path =>
            {
                var backend = path!["backend"]!["service"]!;
                Assert.Equal(ingress.Name, (string?)backend["name"]);
                AssertPort(rendering, ingress.Name, p => (string?)p["name"] == (string?)backend["port"]!["name"]);
                Assert.Equal(ingress.Name == "pico-proxy" ? "/" : "/pico/v1/tunnel", (string?)path["path"]);
                Assert.Equal("Prefix", (string?)path["pathType"]);
            });
        });
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task GatewayRoutes_LeadToTheirServices_WithoutALimitOfTime(string kubernetes)
    {
        var rendering = await Helm.RenderAsync(ValueSets.Everything, kubernetes);
        Assert.Equal(["pico-proxy", "pico-upstream"], rendering.Of("HTTPRoute").Select(i => i.Name).Order());
        Assert.All(rendering.Of("HTTPRoute"), route =>
        {
            Assert.Equal("gateway.networking.k8s.io/v1", route.ApiVersion);
            Assert.NotEmpty(route.Spec["parentRefs"]!.AsArray());
            var rule = Assert.Single(route.Spec["rules"]!.AsArray())!;
            Assert.Equal("0s", (string?)rule["timeouts"]!["request"]);
            var backend = Assert.Single(rule["backendRefs"]!.AsArray())!;
            Assert.Equal(route.Name, (string?)backend["name"]);
            AssertPort(rendering, route.Name, p => (int)p["port"]! == (int)backend["port"]!);
        });
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Autoscaler_WhereItIsOn_IsTheOnlyOneWhoSaysHowMany(string kubernetes)
    {
        var rendering = await Helm.RenderAsync(ValueSets.Everything, kubernetes);
        var autoscaler = Assert.Single(rendering.Of("HorizontalPodAutoscaler"));

        Assert.Equal(kubernetes == "1.20.2" ? "autoscaling/v2beta2" : "autoscaling/v2", autoscaler.ApiVersion);
        Assert.Equal(("apps/v1", "Deployment", "pico-server"), ((string?)autoscaler.Spec["scaleTargetRef"]!["apiVersion"], (string?)autoscaler.Spec["scaleTargetRef"]!["kind"], (string?)autoscaler.Spec["scaleTargetRef"]!["name"]));
        Assert.Equal(["cpu", "memory"], autoscaler.Spec["metrics"]!.AsArray().Select(m => (string?)m!["resource"]!["name"]));
        Assert.Equal(300, (int?)autoscaler.Spec["behavior"]!["scaleDown"]!["stabilizationWindowSeconds"]);
        Assert.False(rendering.Get("Deployment", "pico-server").Spec.AsObject().ContainsKey("replicas"));
        // A metric of a share needs a request to be a share of.
        Assert.All(rendering.Get("Deployment", "pico-server").Spec["template"]!["spec"]!["containers"]!.AsArray(), c =>
            Assert.All((string[])["cpu", "memory"], r => Assert.NotNull(c!["resources"]!["requests"]![r])));
        Assert.Equal(3, (int?)(await Helm.RenderAsync(ValueSets.Default, kubernetes)).Get("Deployment", "pico-server").Spec["replicas"]);
    }

    private static void AssertPort(Rendering rendering, string service, Func<JsonNode, bool> condition) =>
        Assert.Single(rendering.Get("Service", service).Spec["ports"]!.AsArray(), p => condition(p!));
}
