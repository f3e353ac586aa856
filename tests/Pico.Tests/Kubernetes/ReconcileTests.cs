using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Kubernetes;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Reconciling;

namespace Pico.Tests.Kubernetes;

/// <summary>A leader's whole work against the API server in memory.</summary>
public sealed class ReconcileTests : IAsyncDisposable
{
    private const string Endpoints = "/apis/pico.dev/v1alpha1/namespaces/shop/picoendpoints/";
    private const string ConfigMap = "/api/v1/namespaces/shop/configmaps/pico-agent-endpoints";
    private const string Deployment = "/apis/apps/v1/namespaces/shop/deployments/pico-agent-orders";
    private const string ServiceAccount = "/api/v1/namespaces/shop/serviceaccounts/pico-agent-orders";

    private readonly FakeApiServer _api = new();
    private CancellationTokenSource _stop = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private Task _run = Task.CompletedTask;

    [Fact]
    public async Task EndpointForPods_IsWrittenForTheAgents_AndSaysHowItIs()
    {
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        await WaitForAsync("orders", "Programmed", "True");

        Assert.Equal(
            "# Written by pico-controller from the PicoEndpoints of this namespace.\nendpoints:\n"
            + "- {id: \"orders\", address: 8080, protocol: http, selector: {matchLabels: {\"app\": \"orders\"}}}\n",
            Content());
        Assert.Equal(("False", "NoAgents"), Condition("orders", "Ready"));
        _api.Put("/api/v1/namespaces/shop/pods/p1", Manifests.Sidecar("orders", isReady: true));
        _api.Put("/api/v1/namespaces/shop/pods/p2", Manifests.Sidecar("orders", isReady: false));
        _api.Put("/api/v1/namespaces/shop/pods/p3", Manifests.Sidecar("billing", isReady: true));
        await WaitForAsync("orders", "Ready", "True");
        await _api.WaitAsync(a => (string?)a.Get(Endpoints + "orders")!["status"]!["agents"] == "1/2", "one of two agents is ready");

        var status = _api.Get(Endpoints + "orders")!["status"]!;
        Assert.Equal("https://orders.example.com", (string?)status["url"]);
        Assert.Equal("1 of 2 agents are ready. Pod p2: its agent is not registered yet.", Message("orders", "Ready"));
        Assert.Equal((1, 1), ((int)status["observedGeneration"]!, (int)status["readyAgents"]!));
    }

    [Fact]
    public async Task PodsConcerned_AreTouched_AndNoOthers()
    {
        _api.Put("/api/v1/namespaces/shop/pods/p1", Manifests.Sidecar("orders", isReady: true));
        _api.Put("/api/v1/namespaces/shop/pods/p2", Manifests.Sidecar("billing", isReady: true));
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        Start();
        await _api.WaitAsync(_ => IsDone(Hash("p1")), "the pod is touched, twice");
        Assert.Equal(2, _api.Count("PATCH /api/v1/namespaces/shop/pods/p1"));
        var first = Hash("p1");

        var changed = _api.Get(Endpoints + "orders")!;
        changed["spec"]!["port"] = 9090;
        _api.Put(Endpoints + "orders", changed);
        await _api.WaitAsync(_ => IsDone(Hash("p1")) && Hash("p1") != first, "the pod is touched again");
        Assert.Contains("address: 9090", Content(), StringComparison.Ordinal);
        _api.Remove(Endpoints + "orders");
        await _api.WaitAsync(_ => Hash("p1") is null, "the mark is gone");

        Assert.EndsWith("endpoints:\n", Content(), StringComparison.Ordinal);
        Assert.Null(Hash("p2"));
        Assert.Equal(0, _api.Count("PATCH /api/v1/namespaces/shop/pods/p2"));
    }

    [Fact]
    public async Task Namespace_WithoutEndpointsAndAgents_HasNoConfigMap()
    {
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        await WaitForAsync("orders", "Programmed", "True");

        _api.Remove(Endpoints + "orders");

        await _api.WaitAsync(a => a.Get(ConfigMap) is null, "the ConfigMap is removed");
    }

    [Fact]
    public async Task ConfigMap_ThatSomebodyChangedOrRemoved_IsSetRight()
    {
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        await WaitForAsync("orders", "Programmed", "True");
        var right = Content();

        var wrong = _api.Get(ConfigMap)!;
        wrong["data"]!["endpoints.yaml"] = "endpoints: []\n";
        _api.Put(ConfigMap, wrong);
        await _api.WaitAsync(_ => Content() == right, "the content is back");
        _api.Remove(ConfigMap);
        await _api.WaitAsync(_ => Content() == right, "the ConfigMap is back");
    }

    [Fact]
    public async Task ConfigMap_OfSomebodyElse_IsLeftAlone()
    {
        _api.Put(ConfigMap, """{"data": {"mine": "1"}}""");
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        await WaitForAsync("orders", "Programmed", "False");

        Assert.Equal(("False", "Pending"), Condition("orders", "Programmed"));
        Assert.Equal("1", (string?)_api.Get(ConfigMap)!["data"]!["mine"]);
        Assert.Equal(0, _api.Count("PATCH " + ConfigMap));
    }

    [Fact]
    public async Task SameId_InTwoNamespaces_BelongsToTheOlder_AndTheOtherGetsItWhenThatIsGone()
    {
        const string Other = "/apis/pico.dev/v1alpha1/namespaces/billing/picoendpoints/mine";
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        await WaitForAsync("orders", "Programmed", "True");
        _api.Now += TimeSpan.FromMinutes(1);
        _api.Put(Other, Manifests.ForPods("orders", "web"));
        await _api.WaitAsync(a => StatusOf(a.Get(Other), "Accepted") == "False", "the younger is refused");

        Assert.Equal(("True", "Accepted"), Condition("orders", "Accepted"));
        var refusal = ConditionOf(_api.Get(Other), "Accepted")!;
        Assert.Equal("Conflict", (string?)refusal["reason"]);
        Assert.DoesNotContain("shop", (string?)refusal["message"], StringComparison.Ordinal);
        Assert.Null(_api.Get("/api/v1/namespaces/billing/configmaps/pico-agent-endpoints"));
        await _api.WaitAsync(a => a.Count("POST /api/v1/namespaces/billing/events") == 1, "an Event tells");

        _api.Remove(Endpoints + "orders");
        await _api.WaitAsync(a => StatusOf(a.Get(Other), "Programmed") == "True", "the younger has it now");
    }

    [Fact]
    public async Task InvalidResource_SaysWhatToChange_AndDisturbsNobody()
    {
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        _api.Put(Endpoints + "broken", Manifests.Parse("spec: {endpointId: Not-An-ID, port: 80}"));
        await WaitForAsync("orders", "Programmed", "True");
        await WaitForAsync("broken", "Accepted", "False");

        Assert.Contains("spec.endpointId is \"Not-An-ID\": give 1 to 63 of a-z", Message("broken", "Accepted"), StringComparison.Ordinal);
        Assert.Contains("give either spec.selector with spec.port, or spec.serviceRef", Message("broken", "Accepted"), StringComparison.Ordinal);
        Assert.DoesNotContain("Not-An-ID", Content(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("In")]
    [InlineData("NotIn")]
    public async Task SelectorWithoutValues_SaysWhatToChange_AndDisturbsNobody(string @operator)
    {
        _api.Put("/api/v1/namespaces/shop/pods/p1", Manifests.Sidecar("orders", isReady: true));
        _api.Put(Endpoints + "broken", Manifests.Parse($"spec: {{endpointId: broken, port: 80, selector: {{matchExpressions: [{{key: app, operator: {@operator}}}]}}}}"));
        Start();
        await WaitForAsync("broken", "Accepted", "False");
        _api.Put("/api/v1/namespaces/shop/pods/p2", Manifests.Sidecar("orders", isReady: true));
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        await _api.WaitAsync(a => (string?)a.Get(Endpoints + "orders")!["status"]?["agents"] == "2/2", "the neighbour and its pods are known");

        Assert.Equal($"spec.selector's operator {@operator} for app has no values: give some.", Message("broken", "Accepted"));
        Assert.Equal("0/0", (string?)_api.Get(Endpoints + "broken")!["status"]!["agents"]);
    }

    [Fact]
    public async Task Status_ThatDidNotChange_IsNotWritten()
    {
        _api.Put("/api/v1/namespaces/shop/pods/p1", Manifests.Sidecar("orders", isReady: true));
        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        Start();
        await WaitForAsync("orders", "Ready", "True");
        await _api.WaitAsync(_ => IsDone(Hash("p1")), "all is done");
        await StopAsync();
        var writes = Writes();

        // Another leader takes over and looks at everything.
        Start();
        _api.Put(Endpoints + "other", Manifests.ForPods("other", "nobody"));
        await WaitForAsync("other", "Programmed", "True");

        Assert.Equal(writes, Writes());

        int Writes() => _api.Count("PATCH " + Endpoints + "orders") + _api.Count("PATCH /api/v1/namespaces/shop/pods/");
    }

    [Fact]
    public async Task EndpointForService_GetsAnAgentOfItsOwn_ThatFollowsAndGoes()
    {
        _api.Put("/api/v1/namespaces/shop/services/orders-svc", """{"spec": {"ports": [{"name": "http", "port": 80}, {"name": "rpc", "port": 9000}]}}""");
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForService("orders", "orders-svc", "http"));
        await WaitForAsync("orders", "Programmed", "True");
        Golden.Check("gateway-deployment", Stable(_api.Get(Deployment)!));
        Golden.Check("gateway-service-account", Stable(_api.Get(ServiceAccount)!));

        var changed = _api.Get(Endpoints + "orders")!;
        changed["spec"]!["serviceRef"]!["port"] = "rpc";
        changed["spec"]!["protocol"] = "H2C";
        changed["spec"]!["replicas"] = 3;
        changed["spec"]!["server"] = "wss://pico.example.com";
        _api.Put(Endpoints + "orders", changed);
        await _api.WaitAsync(a => (int?)a.Get(Deployment)!["spec"]!["replicas"] == 3, "the Deployment follows");
        Assert.Contains("orders/h2c://orders-svc.shop.svc:9000", _api.Get(Deployment)!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("\"audience\":\"pico.example.com\"", _api.Get(Deployment)!.ToJsonString(), StringComparison.Ordinal);

        var drifted = _api.Get(Deployment)!;
        drifted["spec"]!["replicas"] = 7;
        _api.Put(Deployment, drifted);
        await _api.WaitAsync(a => (int?)a.Get(Deployment)!["spec"]!["replicas"] == 3, "drift is set right");

        _api.Put(Endpoints + "orders", Manifests.ForPods("orders", "orders"));
        await _api.WaitAsync(a => a.Get(Deployment) is null && a.Get(ServiceAccount) is null, "both are removed");
        await WaitForAsync("orders", "Programmed", "True");
    }

    [Theory]
    [InlineData("missing", "80", "ServiceNotFound", "There is no Service missing in this namespace")]
    [InlineData("orders-svc", "grpc", "PortNotFound", "The Service orders-svc has no port grpc, it has http (80)")]
    public async Task EndpointForService_WithoutIt_SaysSo(string service, string port, string reason, string message)
    {
        _api.Put("/api/v1/namespaces/shop/services/orders-svc", """{"spec": {"ports": [{"name": "http", "port": 80}]}}""");
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForService("orders", service, port));
        await WaitForAsync("orders", "Programmed", "False");

        Assert.Equal(reason, Condition("orders", "Programmed").Reason);
        Assert.StartsWith(message, Message("orders", "Programmed"), StringComparison.Ordinal);
        Assert.Null(_api.Get(Deployment));
    }

    [Fact]
    public async Task Deployment_OfSomebodyElse_IsNotTakenOver()
    {
        _api.Put("/api/v1/namespaces/shop/services/orders-svc", """{"spec": {"ports": [{"name": "http", "port": 80}]}}""");
        _api.Put(Deployment, """{"spec": {"replicas": 5}}""");
        Start();
        _api.Put(Endpoints + "orders", Manifests.ForService("orders", "orders-svc", "http"));
        await WaitForAsync("orders", "Programmed", "False");

        Assert.Equal("NameTaken", Condition("orders", "Programmed").Reason);
        Assert.Equal(5, (int?)_api.Get(Deployment)!["spec"]!["replicas"]);
    }

    [Fact]
    public async Task Pods_ThatMissedInjectionOrWereSkipped_AreToldByEvents()
    {
        _api.Put("/api/v1/namespaces/shop/pods/missed", Manifests.Parse("metadata: {annotations: {pico.dev/inject: 'true'}}\nspec: {containers: [{name: app}]}\nstatus: {phase: Running}"));
        _api.Put("/api/v1/namespaces/shop/pods/job", Manifests.Parse(
            "metadata: {labels: {pico.dev/inject: 'true'}, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: j, uid: u}]}\nspec: {containers: [{name: app}]}\nstatus: {phase: Running}"));
        _api.Put("/api/v1/namespaces/shop/pods/bad", Manifests.Parse("metadata: {labels: {pico.dev/agent: sidecar}, annotations: {pico.dev/problems: 'pico.dev/port: \"x\" is not allowed'}}\nspec: {containers: []}"));
        Start();
        await _api.WaitAsync(a => a.Count("POST /api/v1/namespaces/shop/events") == 3, "three Events are written");

        var events = _api.Objects("/events/").Select(e => ((string?)e["involvedObject"]!["name"], (string?)e["reason"], (string?)e["message"])).Order().ToArray();
        Assert.Equal([("bad", "InvalidAnnotation"), ("job", "InjectionSkipped"), ("missed", "InjectionMissed")], events.Select(e => (e.Item1, e.Item2)));
        Assert.Contains("Kubernetes 1.20 has no sidecar containers", events[1].Item3, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        _api.Dispose();
        await _services.DisposeAsync();
    }

    private void Start()
    {
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        var options = new ControllerOptions { Namespace = "pico", UrlTemplate = "https://{endpoint}.example.com", Webhook = { BindAddress = "" } };
        var client = _api.Connect(TimeProvider.System);
        var version = new ApiVersion(client, TimeProvider.System, NullLogger.Instance);
        var metrics = new ControllerMetrics(_services.GetRequiredService<IMeterFactory>());
        _run = Task.WhenAll(
            version.RunAsync(_stop.Token),
            new LeaderTerm(client, options, "test", version, metrics, TimeProvider.System, NullLogger.Instance).RunAsync(_stop.Token));
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task WaitForAsync(string name, string condition, string status) =>
        _api.WaitAsync(a => StatusOf(a.Get(Endpoints + name), condition) == status, $"{name} is {condition}={status}");

    private static JsonNode? ConditionOf(JsonObject? endpoint, string type) =>
        endpoint?["status"]?["conditions"]?.AsArray().FirstOrDefault(c => (string?)c!["type"] == type);

    private static string? StatusOf(JsonObject? endpoint, string type) => (string?)ConditionOf(endpoint, type)?["status"];

    private (string? Status, string? Reason) Condition(string name, string type)
    {
        var condition = ConditionOf(_api.Get(Endpoints + name), type)!;
        return ((string?)condition["status"], (string?)condition["reason"]);
    }

    private string Message(string name, string type) => (string?)ConditionOf(_api.Get(Endpoints + name), type)!["message"] ?? "";

    private string? Content() => (string?)_api.Get(ConfigMap)?["data"]?["endpoints.yaml"];

    private string? Hash(string pod) => (string?)_api.Get("/api/v1/namespaces/shop/pods/" + pod)?["metadata"]?["annotations"]?["pico.dev/config-hash"];

    // Until the second touch there is a time behind it.
    private static bool IsDone(string? hash) => hash is not null && !hash.Contains('@', StringComparison.Ordinal);

    // What the API server gives is not the controller's doing.
    private static JsonObject Stable(JsonObject item)
    {
        foreach (var name in new[] { "uid", "creationTimestamp", "resourceVersion", "generation" })
            item["metadata"]!.AsObject().Remove(name);
        return JsonNode.Parse(System.Text.RegularExpressions.Regex.Replace(item.ToJsonString(), "uid-[0-9]+", "the-uid"))!.AsObject();
    }
}
