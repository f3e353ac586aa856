using Microsoft.Extensions.Logging.Abstractions;
using Pico.Kubernetes;
using Pico.Kubernetes.Reconciling;

namespace Pico.Tests.Kubernetes;

public sealed class CleanupTests
{
    [Fact]
    public async Task Cleanup_RemovesWhatControllersMade_AndNothingElse()
    {
        const string Managed = """{"metadata": {"labels": {"app.kubernetes.io/managed-by": "pico-controller"}}}""";
        using var api = new FakeApiServer();
        api.Put("/apis/apps/v1/namespaces/shop/deployments/pico-agent-a", Managed);
        api.Put("/api/v1/namespaces/shop/serviceaccounts/pico-agent-a", Managed);
        api.Put("/api/v1/namespaces/billing/configmaps/pico-agent-endpoints", Managed);
        api.Put("/apis/coordination.k8s.io/v1/namespaces/pico/leases/pico-controller", Managed);
        api.Put("/api/v1/namespaces/pico/secrets/pico-webhook-certificate", Managed);
        api.Put("/apis/pico.dev/v1alpha1/namespaces/shop/picoendpoints/a", Manifests.ForPods("a", "a"));
        api.Put("/api/v1/namespaces/pico/secrets/mine", "{}");
        using var cleanup = new ControllerCleanup(new ControllerOptions { Namespace = "pico" }, api.Connect(TimeProvider.System), NullLogger.Instance);

        var count = await cleanup.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(5, count);
        Assert.Equal(["a", "mine"], api.Objects("/").Select(o => (string?)o["metadata"]!["name"]).Order());
        Assert.Equal(0, await cleanup.RunAsync(TestContext.Current.CancellationToken));
    }
}
