using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
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
        using var cleanup = new ControllerCleanup(new ControllerOptions { Namespace = "pico" }, "", api.Connect(TimeProvider.System), TimeProvider.System, NullLogger.Instance);

        var count = await cleanup.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(5, count);
        Assert.Equal(["a", "mine"], api.Objects("/").Select(o => (string?)o["metadata"]!["name"]).Order());
        Assert.Equal(0, await cleanup.RunAsync(TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 20_000)]
    public async Task Cleanup_StopsTheControllers_BeforeItRemovesWhatTheyMade()
    {
        using var api = new FakeApiServer();
        api.Put("/apis/apps/v1/namespaces/pico/deployments/pico-controller", """{"spec": {"replicas": 2, "selector": {"matchLabels": {"app": "controller"}}}}""");
        api.Put("/api/v1/namespaces/pico/pods/pico-controller-1", """{"metadata": {"labels": {"app": "controller"}}}""");
        api.Put("/api/v1/namespaces/shop/configmaps/pico-agent-endpoints", """{"metadata": {"labels": {"app.kubernetes.io/managed-by": "pico-controller"}}}""");
        var time = new FakeTimeProvider();
        using var cleanup = new ControllerCleanup(
            new ControllerOptions { Namespace = "pico" }, "pico-controller", api.Connect(TimeProvider.System), time, NullLogger.Instance);

        var running = cleanup.RunAsync(TestContext.Current.CancellationToken);
        await api.WaitAsync(a => a.Count("GET /api/v1/namespaces/pico/pods?") > 0, "it looks for the controllers' pods");

        Assert.Equal(0, (int?)api.Get("/apis/apps/v1/namespaces/pico/deployments/pico-controller")!["spec"]!["replicas"]);
        Assert.NotNull(api.Get("/api/v1/namespaces/shop/configmaps/pico-agent-endpoints"));

        api.Remove("/api/v1/namespaces/pico/pods/pico-controller-1");
        while (!running.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(1, await running);
        Assert.NotNull(api.Get("/apis/apps/v1/namespaces/pico/deployments/pico-controller"));
    }

    [Fact]
    public async Task Cleanup_WhereTheControllersAreGone_RemovesWhatIsLeft()
    {
        using var api = new FakeApiServer();
        api.Put("/api/v1/namespaces/shop/configmaps/pico-agent-endpoints", """{"metadata": {"labels": {"app.kubernetes.io/managed-by": "pico-controller"}}}""");
        api.Put("/api/v1/namespaces/billing/configmaps/pico-agent-endpoints", """{"metadata": {"labels": {"app.kubernetes.io/managed-by": "somebody"}}}""");
        using var cleanup = new ControllerCleanup(
            new ControllerOptions { Namespace = "pico" }, "pico-controller", api.Connect(TimeProvider.System), TimeProvider.System, NullLogger.Instance);

        Assert.Equal(1, await cleanup.RunAsync(TestContext.Current.CancellationToken));
        Assert.NotNull(api.Get("/api/v1/namespaces/billing/configmaps/pico-agent-endpoints"));
    }
}
