using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Cli.Verbs;
using Pico.Kubernetes;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Injecting.Certificates;

namespace Pico.Tests.Kubernetes;

/// <summary>The webhook as an API server calls it, and the care for its certificate.</summary>
public sealed class WebhookTests : IAsyncDisposable
{
    private const string Secret = "/api/v1/namespaces/pico/secrets/pico-webhook-certificate";
    private const string Configuration = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pico-injector";

    private readonly FakeApiServer _api = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ServingCertificate _certificate = new(NullLogger.Instance);
    private readonly WebhookOptions _options = new() { BindAddress = "127.0.0.1:0" };

    [Fact]
    public async Task Review_OfAPodThatAsks_IsAnsweredWithAPatch()
    {
        await using var host = await StartAsync();
        var review = new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject
            {
                ["uid"] = "u-1",
                ["kind"] = new JsonObject { ["kind"] = "Pod" },
                ["operation"] = "CREATE",
                ["namespace"] = "shop",
                ["object"] = Manifests.Parse("metadata: {annotations: {pico.dev/inject: 'true', pico.dev/port: '1'}}\nspec: {containers: [{name: a}]}"),
            },
        };

        var response = (await PostAsync(host, review.ToJsonString()))["response"]!;

        Assert.Equal(("u-1", true, "JSONPatch"), ((string?)response["uid"], (bool)response["allowed"]!, (string?)response["patchType"]));
        Assert.Contains("give a port from 1024", (string?)response["warnings"]![0], StringComparison.Ordinal);
        var patch = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String((string)response["patch"]!)))!.AsArray();
        Assert.Contains("pico-agent", Rfc6902.Apply(review["request"]!["object"]!.AsObject(), patch).ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"request": {"uid": "u", "kind": {"kind": "Pod"}, "operation": "CREATE", "object": {"metadata": 5}}}""")]
    [InlineData("""{"request": {"uid": "u", "kind": {"kind": "Pod"}, "operation": "CREATE", "object": {"metadata": {"annotations": {"pico.dev/inject": "true"}}}}}""")]
    [InlineData("""{"request": {"uid": "u", "kind": {"kind": "Service"}, "operation": "CREATE", "object": {}}}""")]
    public async Task Review_ThatIsNotUnderstood_IsAllowedWithoutChange(string body)
    {
        await using var host = await StartAsync();

        var response = (await PostAsync(host, body))["response"]!;

        Assert.True((bool)response["allowed"]!);
        Assert.Null(response["patch"]);
    }

    [Fact]
    public async Task Leader_MakesACertificate_WhoseAuthorityTheApiServerIsToldOf()
    {
        _api.Put(Configuration, """{"webhooks": [{"name": "inject.pico.dev", "clientConfig": {"service": {"name": "pico-webhook", "namespace": "pico"}}}]}""");
        _ = Keep();
        await _api.WaitAsync(a => a.Get(Secret) is not null, "the Secret is made");
        var trusted = _api.Requests.FindIndex(r => r.StartsWith("PUT " + Configuration, StringComparison.Ordinal));
        var written = _api.Requests.FindIndex(r => r.StartsWith("POST ", StringComparison.Ordinal));
        Assert.InRange(trusted, 0, written);

        // As an upgrade of the chart would.
        _api.Put(Configuration, """{"webhooks": [{"name": "inject.pico.dev", "clientConfig": {"service": {"name": "pico-webhook", "namespace": "pico"}}}]}""");
        await _api.WaitAsync(a => Authority(a) is not null, "the API server is told again");

        Assert.Equal((string?)_api.Get(Secret)!["data"]!["ca.crt"], Authority(_api));
    }

    [Fact]
    public async Task Secret_ThatIsRemoved_IsMadeAnew()
    {
        _ = Keep();
        await _api.WaitAsync(a => a.Get(Secret) is not null, "the Secret is made");
        var first = (string?)_api.Get(Secret)!["data"]!["tls.crt"];

        _api.Remove(Secret);

        await _api.WaitAsync(a => a.Get(Secret) is { } secret && (string?)secret["data"]!["tls.crt"] != first, "another is made");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
        _api.Dispose();
        await _services.DisposeAsync();
    }

    private static string? Authority(FakeApiServer api) => (string?)api.Get(Configuration)!["webhooks"]![0]!["clientConfig"]!["caBundle"];

    private Task Keep() =>
        new CertificateKeeper(_api.Connect(TimeProvider.System), "pico", _options, TimeProvider.System, NullLogger.Instance).RunAsync(_stop.Token);

    private async Task<WebhookHost> StartAsync()
    {
        var bundle = CertificateMaker.Next(null, null, ["localhost"], TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(1))!;
        _certificate.Use(bundle.Certificate, bundle.Key);
        var version = new ApiVersion(_api.Connect(TimeProvider.System), TimeProvider.System, NullLogger.Instance);
        var injector = new PodInjector(new AgentTemplate(), new InjectionPolicy([]), ControllerVerb.AgentOptions, static () => "0123456789abcdef");
        var metrics = new ControllerMetrics(_services.GetRequiredService<IMeterFactory>());
        var host = new WebhookHost(_options, injector, version, _certificate, metrics, TimeProvider.System, NullLoggerFactory.Instance);
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    private async Task<JsonNode> PostAsync(WebhookHost host, string body)
    {
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate!.Thumbprint == _certificate.Current!.TargetCertificate.Thumbprint,
        };
        using var http = new HttpClient(handler);
        using var response = await http.PostAsync($"https://{host.Address}/inject", new StringContent(body, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }
}
