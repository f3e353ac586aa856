using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Charts;

/// <summary>Who may reach which port of which pod, by the rendered NetworkPolicies.</summary>
public sealed class NetworkPolicyTests
{
    public static IEnumerable<TheoryDataRow<string>> Versions { get; } = [.. ValueSets.Kubernetes.Select(k => new TheoryDataRow<string>(k))];

    [Fact]
    public async Task Policies_ByDefault_AreNone() => Assert.Empty((await Helm.RenderAsync(ValueSets.Default, "1.34.0")).Of("NetworkPolicy"));

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Policies_CoverEveryPortOfTheirPods_AndNoOther(string kubernetes)
    {
        var rendering = await Helm.RenderAsync(ValueSets.Everything, kubernetes);
        var policies = rendering.Of("NetworkPolicy").ToArray();

        Assert.Equal(["pico-controller", "pico-server"], policies.Select(p => p.Name).Order());
        Assert.All(policies, policy =>
        {
            var pod = Assert.Single(SelectorTests.Selected(rendering, SelectorTests.Labels(policy.Spec["podSelector"])));
            Assert.Equal(policy.Name, pod.Owner.Name);
            Assert.Equal(["Ingress"], policy.Spec["policyTypes"]!.AsArray().Select(t => (string?)t));
            Assert.Equal(pod.Ports.Select(p => (p.Name, p.Protocol)).Order(), Allowed(policy).Select(a => (a.Port, a.Protocol)).Order());
        });
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Ports_AreOpenToThoseWhoUseThem_AndToNobodyElse(string kubernetes)
    {
        var rendering = await Helm.RenderAsync(ValueSets.Everything, kubernetes);
        var server = Assert.Single(rendering.Of("NetworkPolicy"), p => p.Name == "pico-server");
        var controller = Assert.Single(rendering.Of("NetworkPolicy"), p => p.Name == "pico-controller");
        var pods = rendering.Pods().ToDictionary(p => p.Owner.Name);
        var stranger = new Dictionary<string, string> { ["app"] = "stranger" };

        // From the release's namespace: servers to each other, the test to what it tests, the API server (and so everybody) to the webhook.
        Assert.Equal(["gossip", "gossip-udp", "upstream"], Open(server, pods["pico-server"].Labels));
        Assert.Equal(["admin", "proxy", "upstream"], Open(server, pods["pico-test-request"].Labels));
        Assert.Equal(["upstream"], Open(server, stranger));
        Assert.Equal(["webhook"], Open(controller, stranger));
        // From the namespaces that the values name.
        Assert.Equal(["proxy", "upstream"], Open(server, stranger, @namespace: "ingress"));
        Assert.Equal(["admin", "upstream"], Open(server, stranger, @namespace: "monitoring"));
        Assert.Equal(["admin", "webhook"], Open(controller, stranger, @namespace: "monitoring"));
    }

    private static IEnumerable<(string Port, string Protocol, JsonArray? From)> Allowed(KubeObject policy) =>
        policy.Spec["ingress"]!.AsArray().SelectMany(rule => rule!["ports"]!.AsArray().Select(p => ((string)p!["port"]!, (string?)p["protocol"] ?? "TCP", rule["from"] as JsonArray)));

    private static IEnumerable<string> Open(KubeObject policy, IReadOnlyDictionary<string, string> from, string @namespace = Helm.Namespace) =>
        Allowed(policy).Where(a => a.From is null || a.From.Any(peer => IsPeer(peer!, from, @namespace))).Select(a => a.Port).Order();

    // Without a namespaceSelector a peer is of the policy's own namespace; an empty selector means all.
    private static bool IsPeer(JsonNode peer, IReadOnlyDictionary<string, string> labels, string @namespace)
    {
        var names = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = @namespace };
        return (peer["namespaceSelector"] is { } ns ? Matches(ns, names) : @namespace == Helm.Namespace) && (peer["podSelector"] is not { } pod || Matches(pod, labels));

        static bool Matches(JsonNode selector, IReadOnlyDictionary<string, string> labels) =>
            KubeObject.Text(selector["matchLabels"]).All(s => labels.TryGetValue(s.Key, out var value) && value == s.Value);
    }
}
