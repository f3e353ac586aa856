namespace Pico.ClusterTests.Charts;

/// <summary>Which pods the API server sends to the injector, and where.</summary>
public sealed class WebhookTests
{
    public static IEnumerable<TheoryDataRow<string, string>> All => ValueSets.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task Webhook_WhereItIs_LeadsToTheController_AndNeverStopsAPod(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        foreach (var webhook in rendering.Of("MutatingWebhookConfiguration").SelectMany(c => c.Json["webhooks"]!.AsArray()).Select(w => w!))
        {
            Assert.Equal("Ignore", (string?)webhook["failurePolicy"]);
            Assert.Equal("IfNeeded", (string?)webhook["reinvocationPolicy"]);
            Assert.InRange((int)webhook["timeoutSeconds"]!, 1, 10);
            var service = webhook["clientConfig"]!["service"]!;
            var target = rendering.Get("Service", (string)service["name"]!);
            Assert.Equal((int)service["port"]!, (int)target.Spec["ports"]![0]!["port"]!);
            Assert.Equal("pico-controller", Assert.Single(SelectorTests.Selected(rendering, KubeObject.Text(target.Spec["selector"]))).Owner.Name);
            // Its own pods, and those of kube-system, are never sent.
            Assert.Equal("pico.dev/component", (string?)webhook["objectSelector"]!["matchExpressions"]![0]!["key"]);
            Assert.Contains("kube-system", webhook["namespaceSelector"]!["matchExpressions"]![0]!["values"]!.AsArray().Select(v => (string?)v));
            Assert.All(rendering.Pods(), p => Assert.Contains("pico.dev/component", p.Labels.Keys));
            // Where the API server can (since 1.30; before that it would refuse or drop it), it sends only pods that ask.
            Assert.Equal(kubernetes == "1.34.0", webhook["matchConditions"] is not null);
        }
    }

    [Theory]
    [InlineData(ValueSets.Default, false, false)]
    [InlineData("given-certificate", true, false)]
    [InlineData("external-certificates", false, true)]
    public async Task WebhookCertificate_IsTrusted_ByTheWayThatTheValuesSay(string values, bool hasBundle, bool isInjected)
    {
        var rendering = await Helm.RenderAsync(values, "1.34.0");
        var configuration = Assert.Single(rendering.Of("MutatingWebhookConfiguration"));
        var arguments = rendering.Get("Deployment", "pico-controller").Spec["template"]!["spec"]!["containers"]![0]!["args"]!.AsArray().Select(a => (string)a!).ToArray();

        Assert.Equal(hasBundle, configuration.Json["webhooks"]![0]!["clientConfig"]!["caBundle"] is not null);
        Assert.Equal(isInjected, configuration.Json["metadata"]!["annotations"]?["cert-manager.io/inject-ca-from"] is not null);
        Assert.Equal(hasBundle || isInjected, arguments.Any(a => a.StartsWith("--webhook.certificate-file=", StringComparison.Ordinal)));
        Assert.Equal(!hasBundle && !isInjected, arguments.Any(a => a.StartsWith("--webhook.secret-name=", StringComparison.Ordinal)));
        if (!isInjected)
            return;
        var certificate = Assert.Single(rendering.Of("Certificate"));
        Assert.Equal($"{Helm.Namespace}/{certificate.Name}", (string?)configuration.Json["metadata"]!["annotations"]!["cert-manager.io/inject-ca-from"]);
        Assert.Equal([$"pico-webhook.{Helm.Namespace}.svc"], certificate.Spec["dnsNames"]!.AsArray().Select(n => (string?)n));
        Assert.Contains(rendering.Of("Issuer"), i => i.Name == (string?)certificate.Spec["issuerRef"]!["name"]);
        Assert.Contains(rendering.Get("Deployment", "pico-controller").Spec["template"]!["spec"]!["volumes"]!.AsArray(), v => (string?)v!["secret"]?["secretName"] == (string?)certificate.Spec["secretName"]);
    }
}
