using System.Net;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Tests.Kubernetes;

public sealed class InformerTests : IDisposable
{
    private readonly FakeApiServer _api = new();
    private readonly ObjectStore<V1Service> _store = new();
    private readonly CancellationTokenSource _stop = new();

    [Fact]
    public async Task Start_WithMoreThanAPage_KnowsEverything()
    {
        for (var i = 0; i < 1201; i++)
            Put($"n{i}");

        var informer = Start();
        await informer.Synced.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(1201, _store.Count);
        Assert.Equal(3, _api.Count("GET /api/v1/services?limit="));
    }

    [Fact]
    public async Task Changes_AfterTheList_ArriveInOrder()
    {
        Put("a");
        await Start().Synced;

        Put("b");
        _api.Remove(Path("a"));
        await WaitAsync(() => _store.Get(new("ns", "b")) is not null && _store.Get(new("ns", "a")) is null);

        Assert.Equal(1, _store.Count);
    }

    [Fact]
    public async Task CutWatch_IsTakenUpWhereItWas_WithoutListing()
    {
        await Start().Synced;
        Put("a");
        await WaitAsync(() => _store.Count == 1);

        _api.CutWatches();
        Put("b");
        await WaitAsync(() => _store.Count == 2);

        Assert.Equal(1, _api.Count("GET /api/v1/services?limit="));
    }

    [Fact]
    public async Task ExpiredVersion_MeansToListAgain_AndFindsWhatWasDeletedMeanwhile()
    {
        Put("a");
        await Start().Synced;
        await _api.WaitAsync(a => a.Count("GET /api/v1/services?watch=true") == 1, "it watches");

        _api.Intercept = r => r.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal) ? FakeApiServer.Fail(HttpStatusCode.ServiceUnavailable, "starting") : null;
        _api.CutWatches();
        _api.Remove(Path("a"));
        Put("b");
        _api.Compact();
        _api.Intercept = static _ => null;
        await WaitAsync(() => _store.Get(new("ns", "b")) is not null);

        Assert.Null(_store.Get(new("ns", "a")));
        Assert.Equal(2, _api.Count("GET /api/v1/services?limit="));
    }

    [Fact]
    public async Task ApiServerThatIsAway_LeavesWhatIsKnown_AndIsFoundAgain()
    {
        Put("a");
        await Start().Synced;

        _api.Intercept = static _ => throw new HttpRequestException("connection refused");
        _api.CutWatches();
        await _api.WaitAsync(a => a.Count("GET /api/v1/services?watch=true") >= 3, "it tries again");
        Assert.Equal(1, _store.Count);
        Put("b");
        _api.Intercept = static _ => null;

        await WaitAsync(() => _store.Count == 2);
    }

    [Fact]
    public async Task ApiServerThatComesBackFromABackup_IsListedAgain()
    {
        Put("a");
        Put("b");
        await Start().Synced;
        await _api.WaitAsync(a => a.Count("GET /api/v1/services?watch=true") == 1, "it watches");

        _api.Intercept = static _ => throw new HttpRequestException("connection refused");
        _api.CutWatches();
        await _api.WaitAsync(a => a.Count("GET /api/v1/services?") >= 5, "it tries again");
        // What happened after the backup is gone, and no watch tells of it.
        _api.Remove(Path("b"));
        _api.Intercept = static r =>
            r.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal) ? FakeApiServer.Fail(HttpStatusCode.ServiceUnavailable, "watches nothing") : null;

        await WaitAsync(() => _store.Get(new("ns", "b")) is null);
        Assert.NotNull(_store.Get(new("ns", "a")));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"items\": [], \"metadata\": {}}")]
    public async Task AnswerThatIsNoList_ChangesNothing(string answer)
    {
        Put("a");
        await Start().Synced;

        var answers = 0;
        _api.Intercept = r =>
        {
            if (r.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal))
                return FakeApiServer.Fail(HttpStatusCode.Gone, "Expired");
            Interlocked.Increment(ref answers);
            return FakeApiServer.Json(JsonNode.Parse(answer)!.AsObject());
        };
        _api.CutWatches();
        await _api.WaitAsync(_ => Volatile.Read(ref answers) >= 2, "it is answered");
        Assert.Equal(1, _store.Count);
        Put("b");
        _api.Intercept = static _ => null;

        await WaitAsync(() => _store.Count == 2);
    }

    [Fact]
    public async Task SeveralNamespaces_ShareAStore_AndListOnlyTheirOwnAgain()
    {
        Put("a");
        _api.Put("/api/v1/namespaces/other/services/b", "{}");
        _api.Put("/api/v1/namespaces/third/services/c", "{}");
        await Start("ns").Synced;
        await Start("other").Synced;

        Assert.Equal(2, _store.Count);
        Assert.Single(_store.In("other"));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _api.Dispose();
    }

    private static string Path(string name) => $"/api/v1/namespaces/ns/services/{name}";

    private void Put(string name) => _api.Put(Path(name), "{}");

    private Informer<V1Service, V1Service> Start(string? @namespace = null)
    {
        var informer = new Informer<V1Service, V1Service>(
            _api.Connect(TimeProvider.System), ResourceTypes.Services, new ListQuery(@namespace), static s => s, _store, TimeProvider.System, NullLogger.Instance);
        _ = informer.RunAsync(_stop.Token);
        return informer;
    }

    private async Task WaitAsync(Func<bool> condition)
    {
        var changed = new SemaphoreSlim(0);
        _store.Changed += (_, _, _) => changed.Release();
        while (!condition())
            Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), "The change never arrived.");
    }
}
