using System.Text.Json.Nodes;
using Pico.Cli.Verbs;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Resources;

namespace Pico.Tests.Kubernetes;

/// <summary>Pods in, pods out, for API servers of several versions.</summary>
public sealed class InjectionTests
{
    private const string Simple = """
        metadata:
          generateName: web-7d9-
          annotations: {pico.dev/inject: "true", pico.dev/endpoints: "orders/8080"}
        spec:
          containers:
          - {name: app, image: nginx, ports: [{containerPort: 8080}]}
        """;

    private const string Rich = """
        metadata:
          generateName: web-7d9-
          labels: {app: web, pico.dev/inject: "true"}
          annotations:
            kubectl.kubernetes.io/default-container: log
            pico.dev/server: wss://pico.example.com
            pico.dev/token-secret: pico-credential
            pico.dev/log.level: debug
            pico.dev/connections: "3"
            pico.dev/memory-limit: ""
            pico.dev/cpu-request: 50m
            pico.dev/image: registry.example.com/pico-agent:1
            pico.dev/strict-readiness: "true"
        spec:
          terminationGracePeriodSeconds: 120
          initContainers:
          - {name: migrate, image: migrate}
          volumes: [{name: data, emptyDir: {}}]
          containers:
          - {name: app, image: nginx, ports: [{containerPort: 8004}], lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}}
          - {name: log, image: log, lifecycle: {postStart: {exec: {command: ["true"]}}}}
        """;

    private readonly PodInjector _injector =
        new(new AgentTemplate(), new InjectionPolicy(["forbidden"]), ControllerVerb.AgentOptions, static () => "0123456789abcdef");

    /// <summary>As API servers have answered <c>/version</c>: Debian's 1.20, EKS, GKE, kubeadm.</summary>
    public static TheoryData<string, string, string, bool> Versions => new()
    {
        { "1.20", "1", "20", false },
        { "1.25-eks", "1", "25+", false },
        { "1.28", "1", "28", false },
        { "1.29-gke", "1", "29", true },
        { "1.30-eks", "1", "30+", true },
        { "1.34", "1", "34", true },
    };

    [Theory]
    [MemberData(nameof(Versions))]
    public void Pod_GetsASidecarContainer_WhereThereAreSuch(string name, string major, string minor, bool isNative)
    {
        var pod = Inject(Simple, ServerVersion.Parse(major, minor), out var result);

        Assert.Equal(InjectionOutcome.Injected, result.Outcome);
        Assert.NotEmpty(name);
        Golden.Check(isNative ? "pod-simple-native" : "pod-simple-plain", pod);
    }

    [Fact]
    public void Pod_WithManySettings_GetsThemAll()
    {
        Golden.Check("pod-rich-native", Inject(Rich, new(1, 34), out var native));
        Golden.Check("pod-rich-plain", Inject(Rich, new(1, 20), out var plain));

        Assert.Empty(native.Problems);
        Assert.Empty(plain.Problems);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(34)]
    public void Pod_ThatWasInjected_IsLeftAsItIs(int minor)
    {
        var once = Inject(Rich, new(1, minor), out _);

        var again = _injector.Inject(once, "shop", new(1, minor));

        Assert.Equal(InjectionResult.NotAsked, again);
    }

    [Theory]
    [InlineData("metadata: {}\nspec: {containers: [{name: a}]}")]
    [InlineData("metadata: {annotations: {pico.dev/inject: 'false', pico.dev/endpoints: a/1}}\nspec: {containers: [{name: a}]}")]
    [InlineData("metadata: {labels: {pico.dev/component: server}, annotations: {pico.dev/inject: 'true'}}\nspec: {containers: [{name: a}]}")]
    public void Pod_ThatDoesNotAsk_IsNotTouched(string pod)
    {
        var result = _injector.Inject(Manifests.Parse(pod), "shop", new(1, 34));

        Assert.Equal(InjectionResult.NotAsked, result);
    }

    [Theory]
    [InlineData("kube-system", "", 34, "the namespace kube-system is excluded")]
    [InlineData("forbidden", "", 34, "the namespace forbidden is excluded")]
    [InlineData("shop", "hostNetwork: true", 34, "it uses the host's network")]
    [InlineData("shop", "restartPolicy: Never", 28, "it is a Job's")]
    public void Pod_ThatCannotHaveAnAgent_IsLeftAlone_WithAReason(string @namespace, string spec, int minor, string reason)
    {
        var owner = spec.StartsWith("restartPolicy", StringComparison.Ordinal) ? "ownerReferences: [{kind: Job, name: j, uid: u, apiVersion: batch/v1}], " : "";
        var pod = Manifests.Parse($"metadata: {{{owner}annotations: {{pico.dev/inject: 'true'}}}}\nspec:\n  containers: [{{name: a}}]\n  {spec}");

        var result = _injector.Inject(pod, @namespace, new(1, minor));

        Assert.Equal(InjectionOutcome.Skipped, result.Outcome);
        Assert.Null(result.Patch);
        Assert.StartsWith(reason, Assert.Single(result.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void PodOfAJob_GetsASidecarContainer_WhereThereAreSuch()
    {
        var pod = Manifests.Parse("metadata: {ownerReferences: [{kind: Job, name: j, uid: u, apiVersion: batch/v1}], annotations: {pico.dev/inject: 'true'}}\nspec: {containers: [{name: a}]}");

        Assert.Equal(InjectionOutcome.Injected, _injector.Inject(pod, "shop", new(1, 29)).Outcome);
    }

    [Fact]
    public void BadAnnotation_HoweverLong_LeavesThePodWithAnnotationsThatTheApiServerTakes()
    {
        var image = new string('a', 200_000);

        var pod = Inject($"metadata: {{annotations: {{pico.dev/inject: 'true', pico.dev/image: '{image}'}}}}\nspec: {{containers: [{{name: a}}]}}", new(1, 34), out _);

        Assert.InRange(pod["metadata"]!["annotations"]!.AsObject().Sum(a => a.Key.Length + ((string)a.Value!).Length), 200_000, 256 * 1024);
    }

    [Theory]
    [InlineData("pico.dev/port", "80", "give a port from 1024 to 65535")]
    [InlineData("pico.dev/image", "two words", "give an image")]
    [InlineData("pico.dev/image-pull-policy", "Sometimes", "give Always, IfNotPresent or Never")]
    [InlineData("pico.dev/memory-limit", "lots", "give a quantity")]
    [InlineData("pico.dev/memory-limit", "1Mi", "is more than the limit, 1Mi")]
    [InlineData("pico.dev/connections", "many", "a whole number from 1 to 16")]
    [InlineData("pico.dev/endpoints", "orders", "is no endpoint: give ID/ADDRESS")]
    [InlineData("pico.dev/server", "tcp://x", "a URL ws://host:port")]
    [InlineData("pico.dev/token-secret", "Not A Name", "give the name of a Secret")]
    [InlineData("pico.dev/token-file", "/etc/passwd", "there is no such setting")]
    [InlineData("pico.dev/token", "abc", "there is no such setting")]
    [InlineData("pico.dev/endpoint", "orders/8080", "there is no such setting")]
    [InlineData("pico.dev/hold-stop", "yes", "give true or false")]
    public void BadAnnotation_IsTold_AndItsDefaultStands(string name, string value, string expected)
    {
        var good = Inject("metadata: {annotations: {pico.dev/inject: 'true'}}\nspec: {containers: [{name: a}]}", new(1, 34), out _);
        var bad = Inject($"metadata: {{annotations: {{pico.dev/inject: 'true', {name}: '{value}'}}}}\nspec: {{containers: [{{name: a}}]}}", new(1, 34), out var result);

        Assert.Equal(InjectionOutcome.Injected, result.Outcome);
        Assert.Contains(expected, Assert.Single(result.Problems), StringComparison.Ordinal);
        Assert.Equal(result.Problems[0], (string?)bad["metadata"]!["annotations"]!["pico.dev/problems"]);
        Assert.True(JsonNode.DeepEquals(good["spec"], bad["spec"]));
    }

    [Fact]
    public void OptionsThatTheInjectorSets_AreTheAgents()
    {
        var pod = Inject(Simple, new(1, 34), out _);

        var variables = pod["spec"]!["initContainers"]![0]!["env"]!.AsArray().Select(e => (string)e!["name"]!);
        Assert.Subset(ControllerVerb.AgentOptions.Names.Select(AgentOptionRules.Variable).ToHashSet(), variables.ToHashSet());
    }

    [Theory]
    [InlineData("configmap/pico-ca", """{"configMap":{"name":"pico-ca","items":[{"key":"ca.crt","path":"ca.crt"}],"optional":true},"name":"pico-server-ca"}""")]
    [InlineData("secret/pico-ca", """{"secret":{"secretName":"pico-ca","items":[{"key":"ca.crt","path":"ca.crt"}],"optional":true},"name":"pico-server-ca"}""")]
    public void Pod_WithAuthoritiesForItsServer_TrustsThem(string source, string volume)
    {
        var template = new AgentTemplate { Server = "wss://pico-upstream.pico.svc:8001", ServerCa = source };
        var result = new PodInjector(template, new InjectionPolicy([]), ControllerVerb.AgentOptions, static () => "0123456789abcdef")
            .Inject(Manifests.Parse(Simple), "shop", new(1, 34));
        var spec = Rfc6902.Apply(Manifests.Parse(Simple), result.Patch!)["spec"]!;

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(volume), spec["volumes"]!.AsArray().Single(v => (string?)v!["name"] == "pico-server-ca")));
        var agent = spec["initContainers"]![0]!;
        Assert.Equal("/etc/pico/server-ca", (string?)agent["volumeMounts"]!.AsArray().Single(v => (string?)v!["name"] == "pico-server-ca")!["mountPath"]);
        Assert.Equal("/etc/pico/server-ca/ca.crt", Variable(agent, "PICO_SERVER_TLS_CA_FILE"));
    }

    [Theory]
    [InlineData("pico.dev/server: wss://other.example.com", null, null)]
    [InlineData("pico.dev/server: wss://other.example.com, pico.dev/server-ca: configmap/other", "/etc/pico/server-ca/ca.crt", null)]
    [InlineData("pico.dev/server: ws://other.example.com, pico.dev/server-ca: configmap/other", null, "pico.dev/server-ca: no server begins with wss://")]
    [InlineData("pico.dev/server-ca: other", "/etc/pico/server-ca/ca.crt", "pico.dev/server-ca: \"other\" is not allowed: give configmap/NAME or secret/NAME")]
    public void Pod_WithAnotherServer_DoesNotTrustTheAuthoritiesOfTheFirst(string annotations, string? file, string? problem)
    {
        var template = new AgentTemplate { Server = "wss://pico-upstream.pico.svc:8001", ServerCa = "configmap/pico-ca" };
        var pod = $"{{metadata: {{name: web, annotations: {{pico.dev/inject: \"true\", {annotations}}}}}, spec: {{containers: [{{name: app}}]}}}}";
        var result = new PodInjector(template, new InjectionPolicy([]), ControllerVerb.AgentOptions, static () => "0123456789abcdef")
            .Inject(Manifests.Parse(pod), "shop", new(1, 34));

        var agent = Rfc6902.Apply(Manifests.Parse(pod), result.Patch!)["spec"]!["initContainers"]![0]!;
        Assert.Equal(file, Variable(agent, "PICO_SERVER_TLS_CA_FILE"));
        Assert.Equal(problem is null ? [] : [problem], result.Problems.Select(p => p[..Math.Min(p.Length, problem?.Length ?? 0)]));
    }

    [Theory]
    [InlineData("wss://pico-upstream.pico.svc:8001", "tunnels")]
    [InlineData("https://PICO-upstream.pico.svc:8001", "tunnels")]
    [InlineData("wss://Other.example.com", "other.example.com")]
    [InlineData("wss://other.example.com:8001", "other.example.com")]
    [InlineData("wss://pico-upstream.pico.svc:8001,ws://other.example.com", "other.example.com")]
    [InlineData("wss://pico-upstream.pico.svc", "pico-upstream.pico.svc")]
    public void Pod_WithAnotherServer_ShowsItATokenThatIsForThatOneAlone(string server, string audience)
    {
        var template = new AgentTemplate { Server = "ws://pico-upstream.pico.svc:8001", TokenAudience = "tunnels" };
        var pod = $"{{metadata: {{name: web, annotations: {{pico.dev/inject: \"true\", pico.dev/server: \"{server}\"}}}}, spec: {{containers: [{{name: app}}]}}}}";
        var result = new PodInjector(template, new InjectionPolicy([]), ControllerVerb.AgentOptions, static () => "0123456789abcdef")
            .Inject(Manifests.Parse(pod), "shop", new(1, 34));

        var volume = Rfc6902.Apply(Manifests.Parse(pod), result.Patch!)["spec"]!["volumes"]!.AsArray().Single(v => (string?)v!["name"] == "pico-token")!;
        Assert.Equal(audience, (string?)volume["projected"]!["sources"]![0]!["serviceAccountToken"]!["audience"]);
    }

    private static string? Variable(JsonNode container, string name) =>
        (string?)container["env"]!.AsArray().SingleOrDefault(v => (string?)v!["name"] == name)?["value"];

    private JsonObject Inject(string yaml, ServerVersion version, out InjectionResult result)
    {
        var pod = Manifests.Parse(yaml);
        result = _injector.Inject(pod, "shop", version);
        return Rfc6902.Apply(pod, result.Patch!);
    }
}
