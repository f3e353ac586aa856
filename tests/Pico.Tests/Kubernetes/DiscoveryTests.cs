using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Kubernetes.Discovery;

namespace Pico.Tests.Kubernetes;

public sealed class DiscoveryTests : IServerPodObserver, IDisposable
{
    private const string Pods = "/api/v1/namespaces/pico/pods/";

    private readonly FakeApiServer _api = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();

    [Fact]
    public async Task Pods_BehindTheService_AreTold_WithUidAddressAndZone()
    {
        Put("server-0", "uid-a", "10.0.0.1");
        _api.Put(Pods + "else", """{"metadata": {"labels": {"app": "other"}}}""");
        Start();

        Assert.Equal("server-0 uid-a 10.0.0.1 zone=eu-1 False", await NextAsync());
        Put("server-1", "uid-b", "10.0.0.2");
        Assert.Equal("server-1 uid-b 10.0.0.2 zone=eu-1 False", await NextAsync());
    }

    [Fact]
    public async Task Pod_ThatIsDeletedEndsOrIsReplaced_IsGone()
    {
        Put("server-0", "uid-a", "10.0.0.1");
        Put("server-1", "uid-b", "10.0.0.2");
        Start();
        await NextAsync();
        await NextAsync();

        _api.Remove(Pods + "server-0");
        Assert.Equal("gone server-0 uid-a", await NextAsync());
        Put("server-1", "uid-c", "10.0.0.3");
        Assert.Equal("gone server-1 uid-b", await NextAsync());
        Assert.Equal("server-1 uid-c 10.0.0.3 zone=eu-1 False", await NextAsync());
        Put("server-1", "uid-c", "10.0.0.3", "Failed", """{"terminated": {"exitCode": 0}}""");
        Assert.Equal("gone server-1 uid-c", await NextAsync());
    }

    [Fact]
    public async Task Pod_ThatIsEvicted_LeavesWhileItsContainerRuns_AndIsGoneAfterwards()
    {
        Put("server-0", "uid-a", "10.0.0.1");
        Put("server-1", "uid-b", "10.0.0.2");
        Start();
        await NextAsync();
        await NextAsync();

        Put("server-0", "uid-a", "10.0.0.1", "Failed");
        Assert.Equal("server-0 uid-a 10.0.0.1 zone=eu-1 True", await NextAsync());
        _api.Put(Pods + "server-1", """{"metadata": {"uid": "uid-b", "labels": {"app": "pico"}}, "status": {"phase": "Failed", "reason": "Evicted"}}""");
        Assert.Equal("server-1 uid-b  zone= True", await NextAsync());

        Put("server-0", "uid-a", "10.0.0.1", "Failed", """{"terminated": {"exitCode": 0}}""");
        Assert.Equal("gone server-0 uid-a", await NextAsync());
    }

    [Fact]
    public async Task AnswerThatIsNotUnderstood_IsAskedForAgain_AndOthersAreToldOn()
    {
        Put("server-0", "uid-a", "10.0.0.1");
        Start();
        await NextAsync();

        _api.Intercept = static r => r.RequestUri!.Query.Contains("fieldSelector", StringComparison.Ordinal)
            ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("<html>Sign in</html>") }
            : null;
        _api.Remove(Pods + "server-0");
        await _api.WaitAsync(a => a.Count("GET /api/v1/namespaces/pico/pods?fieldSelector") >= 1, "it asks whether the pod is gone");
        _api.Intercept = static _ => null;
        Put("server-1", "uid-b", "10.0.0.2");

        Assert.Equal("gone server-0 uid-a", await NextAsync());
        Assert.Equal("server-1 uid-b 10.0.0.2 zone=eu-1 False", await NextAsync());
    }

    [Fact]
    public async Task ApiServerThatIsAway_MeansNobodyIsGone_AndWhatHappenedIsToldAfterwards()
    {
        Put("server-0", "uid-a", "10.0.0.1");
        Start();
        await NextAsync();

        _api.Intercept = static _ => throw new HttpRequestException("away");
        _api.CutWatches();
        _api.Remove(Pods + "server-0");
        _api.Compact();
        await _api.WaitAsync(a => a.Count("GET /api/v1/namespaces/pico/pods?") >= 4, "it tries again");
        Assert.False(_told.Reader.TryPeek(out _));
        _api.Intercept = static _ => null;

        Assert.Equal("gone server-0 uid-a", await NextAsync());
    }

    [Fact]
    public async Task Pod_ThatIsOutOfSight_IsNotGone()
    {
        Put("server-0", "uid-a", "10.0.0.1");
        Start();
        await NextAsync();

        _api.Put(Pods + "server-0", """{"metadata": {"uid": "uid-a", "labels": {"app": "debugging"}}, "spec": {"nodeName": "machine"}, "status": {"phase": "Running", "podIP": "10.0.0.1"}}""");
        _api.Compact();
        _api.CutWatches();
        await _api.WaitAsync(a => a.Count("GET /api/v1/namespaces/pico/pods?fieldSelector=metadata.name%3Dserver-0") == 1, "it asks whether the pod is gone");
        Put("server-1", "uid-b", "10.0.0.2");

        Assert.Equal("server-1 uid-b 10.0.0.2 zone=eu-1 False", await NextAsync());
    }

    [Fact]
    public async Task Permission_ThatIsTakenAwayAtRunTime_MeansNobodyIsGone_UntilItIsBack()
    {
        Put("server-0", "uid-a", "10.0.0.1");
        Put("server-1", "uid-b", "10.0.0.2");
        Start();
        await NextAsync();
        await NextAsync();

        // The watch that runs goes on, as with the real one; what it says cannot be confirmed.
        _api.Intercept = r => r.RequestUri!.AbsolutePath.EndsWith("/pods", StringComparison.Ordinal) ? FakeApiServer.Fail(HttpStatusCode.Forbidden, "may not list pods") : null;
        _api.Remove(Pods + "server-0");
        await _api.WaitAsync(a => a.Count("GET /api/v1/namespaces/pico/pods?fieldSelector") >= 2, "it asks again");
        _api.CutWatches();
        Assert.False(_told.Reader.TryPeek(out _));
        _api.Intercept = static _ => null;

        Assert.Equal("gone server-0 uid-a", await NextAsync());
    }

    [Fact]
    public async Task Pods_BySelector_NeedNoService()
    {
        Put("server-0", "uid-a", "10.0.0.1");
        Start(new ServerPodsQuery("pico", "app=pico", ""));

        Assert.Equal("server-0 uid-a 10.0.0.1 zone=eu-1 False", await NextAsync());
        Assert.Equal(0, _api.Count("GET /api/v1/namespaces/pico/services"));
    }

    [Fact]
    public async Task Claims_ThatChange_AreTold_AndStayWhileTheApiServerIsAway()
    {
        const string Path = "/apis/pico.dev/v1alpha1/namespaces/shop/picoendpoints/a";
        var claims = new EndpointClaims(Access(), [], NullLoggerFactory.Instance, TimeProvider.System);
        claims.Changed += id => _told.Writer.TryWrite($"{id} {claims.OwnerOf(id)}");
        _ = claims.RunAsync(_stop.Token);
        await claims.Known;

        _api.Put(Path, Manifests.ForPods("orders", "orders"));
        Assert.Equal("orders shop", await NextAsync());
        _api.Put(Path, Manifests.ForPods("bills", "orders"));
        Assert.Equal("orders ", await NextAsync());
        Assert.Equal("bills shop", await NextAsync());

        _api.Intercept = static _ => FakeApiServer.Fail(HttpStatusCode.Forbidden, "may not list picoendpoints");
        _api.CutWatches();
        _api.Remove(Path);
        await _api.WaitAsync(a => a.Count("GET /apis/pico.dev/v1alpha1/picoendpoints?") >= 4, "it tries again");
        Assert.Equal("shop", claims.OwnerOf("bills"));
        _api.Intercept = static _ => null;
        Assert.Equal("bills ", await NextAsync());
    }

    [Fact]
    public async Task Claims_WithoutPermission_AreNotKnown_AndAreOnceItIsThere()
    {
        _api.Intercept = static _ => FakeApiServer.Fail(HttpStatusCode.Forbidden, "may not list picoendpoints");
        var claims = new EndpointClaims(Access(), [], NullLoggerFactory.Instance, TimeProvider.System);
        _ = claims.RunAsync(_stop.Token);
        await _api.WaitAsync(a => a.Count("GET /apis/pico.dev/v1alpha1/picoendpoints?") >= 3, "it tries again");
        Assert.False(claims.Known.IsCompleted);
        _api.Intercept = static _ => null;

        await claims.Known.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Claims_WhereThereIsNoSuchResource_AreKnownToBeNone()
    {
        _api.Intercept = static _ => FakeApiServer.Fail(HttpStatusCode.NotFound, "NotFound");
        var claims = new EndpointClaims(Access(), [], NullLoggerFactory.Instance, TimeProvider.System);
        _ = claims.RunAsync(_stop.Token);

        await claims.Known.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Null(claims.OwnerOf("orders"));
    }

    [Fact]
    public async Task Claims_WhenTheResourceIsSaidNotToExistForAMoment_AreNotTakenForNone()
    {
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/shop/picoendpoints/a", Manifests.ForPods("orders", "orders"));
        var refusals = 2;
        _api.Intercept = _ => Interlocked.Decrement(ref refusals) >= 0 ? FakeApiServer.Fail(HttpStatusCode.NotFound, "NotFound") : null;
        var claims = new EndpointClaims(Access(), [], NullLoggerFactory.Instance, TimeProvider.System);
        _ = claims.RunAsync(_stop.Token);

        await claims.Known.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal("shop", claims.OwnerOf("orders"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("shop billing")]
    public async Task Claims_OnceKnown_StayWhenTheResourceIsSaidNotToExist(string namespaces)
    {
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/shop/picoendpoints/a", Manifests.ForPods("orders", "orders"));
        _api.Intercept = static r => r.RequestUri!.AbsolutePath.Contains("/billing/", StringComparison.Ordinal) ? FakeApiServer.Fail(HttpStatusCode.NotFound, "NotFound") : null;
        var claims = new EndpointClaims(Access(), namespaces.Split(' ', StringSplitOptions.RemoveEmptyEntries), NullLoggerFactory.Instance, TimeProvider.System);
        claims.Changed += id => _told.Writer.TryWrite($"{id} {claims.OwnerOf(id)}");
        _ = claims.RunAsync(_stop.Token);
        Assert.Equal("orders shop", await NextAsync());

        _api.Intercept = static _ => FakeApiServer.Fail(HttpStatusCode.NotFound, "NotFound");
        var before = _api.Requests.Count;
        _api.CutWatches();
        await _api.WaitAsync(a => a.Requests.Count >= before + 6, "it tries again");

        Assert.Equal("shop", claims.OwnerOf("orders"));
        Assert.Equal(namespaces.Length == 0, claims.Known.IsCompleted);
    }

    [Fact]
    public async Task Claims_OfSomeNamespaces_AreKnownWhenAllOfThoseAre_AndAskForNoOther()
    {
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/shop/picoendpoints/a", Manifests.ForPods("orders", "orders"));
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/else/picoendpoints/a", Manifests.ForPods("else", "orders"));
        var claims = new EndpointClaims(Access(), ["shop", "billing"], NullLoggerFactory.Instance, TimeProvider.System);
        _ = claims.RunAsync(_stop.Token);
        await claims.Known.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(("shop", null), (claims.OwnerOf("orders"), claims.OwnerOf("else")));
        Assert.Equal(0, _api.Count("GET /apis/pico.dev/v1alpha1/picoendpoints"));
    }

    [Fact]
    public async Task Zone_ThatMayNotBeRead_IsEmpty()
    {
        _api.Intercept = r => r.RequestUri!.AbsolutePath.Contains("/nodes/", StringComparison.Ordinal) ? FakeApiServer.Fail(HttpStatusCode.Forbidden, "no") : null;
        Put("server-0", "uid-a", "10.0.0.1");
        Start();

        Assert.Equal("server-0 uid-a 10.0.0.1 zone= False", await NextAsync());
    }

    [Fact]
    public async Task Claims_AreTheOldestValidOnes_WhateverTheCase()
    {
        var claims = new EndpointClaims(Access(), [], NullLoggerFactory.Instance, TimeProvider.System);
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/shop/picoendpoints/a", Manifests.ForPods("orders", "orders"));
        _api.Now += TimeSpan.FromMinutes(1);
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/evil/picoendpoints/a", Manifests.ForPods("orders", "orders"));
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/evil/picoendpoints/b", Manifests.ForPods("free", "x", port: 0));
        _ = claims.RunAsync(_stop.Token);
        await claims.Known;

        Assert.Equal("shop", claims.OwnerOf("ORDERS"));
        Assert.Null(claims.OwnerOf("free"));
    }

    [Theory]
    [InlineData("21", "policy/v1beta1")]
    [InlineData("22", "policy/v1")]
    [InlineData("34+", "policy/v1")]
    public async Task Eviction_IsAskedForInTheVersionThatTheApiServerHas_AndForThisPodOnly(string minor, string apiVersion)
    {
        string? asked = null;
        _api.Intercept = r => r.RequestUri!.AbsolutePath switch
        {
            "/version" => FakeApiServer.Json(new() { ["major"] = "1", ["minor"] = minor }),
            Pods + "server-0/eviction" => Note(r),
            _ => null,
        };

        Assert.True(await Access().EvictAsync("pico", "server-0", "uid-a", TestContext.Current.CancellationToken));

        Assert.Equal(
            $$$"""POST {"apiVersion":"{{{apiVersion}}}","deleteOptions":{"preconditions":{"uid":"uid-a"}},"kind":"Eviction","metadata":{"name":"server-0","namespace":"pico"}}""", asked);

        HttpResponseMessage Note(HttpRequestMessage request)
        {
            using var reader = new StreamReader(request.Content!.ReadAsStream());
            asked = $"{request.Method} {reader.ReadToEnd()}";
            return FakeApiServer.Json(new() { ["kind"] = "Status", ["status"] = "Success" }, HttpStatusCode.Created);
        }
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Conflict)]
    public async Task Eviction_ThatABudgetRefuses_OrOfAPodThatIsGone_IsNotDone(HttpStatusCode answer)
    {
        _api.Intercept = r => r.Method == HttpMethod.Post ? FakeApiServer.Fail(answer, "no") : null;

        Assert.False(await Access().EvictAsync("pico", "server-0", "uid-a", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Eviction_RefusedInAnAnswerOfSuccess_IsRefused()
    {
        // As the API server answers when two budgets select the pod.
        _api.Intercept = static r => r.Method != HttpMethod.Post ? null : FakeApiServer.Json(
            new() { ["kind"] = "Status", ["status"] = "Failure", ["message"] = "more than one PodDisruptionBudget", ["code"] = 500 }, HttpStatusCode.Created);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => Access().EvictAsync("pico", "server-0", "uid-a", TestContext.Current.CancellationToken));

        Assert.Equal("more than one PodDisruptionBudget", failure.Message);
    }

    [Fact]
    public async Task Eviction_WithoutPermission_SaysWhichIsMissing()
    {
        _api.Intercept = static r => r.Method == HttpMethod.Post ? FakeApiServer.Fail(HttpStatusCode.Forbidden, "may not") : null;

        var failure = await Assert.ThrowsAsync<IOException>(() => Access().EvictAsync("pico", "server-0", "uid-a", TestContext.Current.CancellationToken));

        Assert.Contains("the verb create on pods/eviction in the namespace pico", failure.Message, StringComparison.Ordinal);
    }

    void IServerPodObserver.OnPod(ServerPod pod) =>
        _told.Writer.TryWrite($"{pod.Name} {pod.Uid} {string.Join(' ', pod.Addresses)} zone={pod.Zone} {pod.IsTerminating}");

    void IServerPodObserver.OnGone(ServerPod pod) => _told.Writer.TryWrite($"gone {pod.Name} {pod.Uid}");

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _api.Dispose();
    }

    private KubeAccess Access() => KubeAccess.Over(_api.Connect(TimeProvider.System), "pico");

    private void Start(ServerPodsQuery? query = null)
    {
        _api.Put("/api/v1/namespaces/pico/services/pico-gossip", """{"spec": {"selector": {"app": "pico"}}}""");
        _api.Put("/api/v1/nodes/machine", """{"metadata": {"labels": {"topology.kubernetes.io/zone": "eu-1"}}}""");
        var pods = new ServerPods(Access(), query ?? new ServerPodsQuery("pico", "", "pico-gossip"), NullLoggerFactory.Instance, TimeProvider.System);
        _ = pods.RunAsync(this, _stop.Token);
    }

    private void Put(string name, string uid, string ip, string phase = "Running", string state = """{"running": {}}""") => _api.Put(
        Pods + name,
        $$$"""
        {"metadata": {"uid": "{{{uid}}}", "labels": {"app": "pico"}}, "spec": {"nodeName": "machine"},
         "status": {"phase": "{{{phase}}}", "podIP": "{{{ip}}}", "containerStatuses": [{"name": "server", "state": {{{state}}}}]}}
        """);

    private async Task<string> NextAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        return await _told.Reader.ReadAsync(patience.Token);
    }
}
