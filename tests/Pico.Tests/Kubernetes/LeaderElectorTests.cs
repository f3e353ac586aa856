using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Kubernetes.Leading;

namespace Pico.Tests.Kubernetes;

/// <summary>By the real clock with short times: what counts is the order in which candidates begin and end, whatever the machine's pace.</summary>
public sealed class LeaderElectorTests : IDisposable
{
    private const string Lease = "/apis/coordination.k8s.io/v1/namespaces/pico/leases/pico-controller";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeApiServer _api = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _story = [];
    private readonly SemaphoreSlim _told = new(0);

    [Fact]
    public async Task FirstOne_Leads_AndTheOtherWaitsThroughManyRenewals()
    {
        _ = Start("first");
        await WaitAsync("first begins");
        _ = Start("second");
        await _api.WaitAsync(a => a.Count("PUT") >= 5 && a.Count("GET") >= 10, "the lease is renewed");

        Assert.Equal(["first begins"], Story());
        Assert.Equal("first", Holder());
    }

    [Fact]
    public async Task Leader_ThatStops_GivesTheLeaseBack_AfterItsWorkHasEnded()
    {
        using var stop = new CancellationTokenSource();
        var first = Start("first", stop.Token);
        await WaitAsync("first begins");

        await stop.CancelAsync();
        await first.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal("", Holder());
        _ = Start("second");
        await WaitAsync("second begins");

        Assert.Equal(["first begins", "first ends", "second begins"], Story());
    }

    [Fact]
    public async Task Leader_ThatCannotRenew_StopsItsWork_BeforeAnotherBegins()
    {
        _ = Start("first");
        await WaitAsync("first begins");

        // What a leader that is cut off writes does not arrive; others are not concerned.
        _api.Intercept = r => r.Method == HttpMethod.Put && !Body(r).Contains("second", StringComparison.Ordinal)
            ? FakeApiServer.Fail(HttpStatusCode.ServiceUnavailable, "away") : null;
        _ = Start("second");
        await WaitAsync("second begins");

        Assert.Equal(["first begins", "first ends", "second begins"], Story());
    }

    [Fact]
    public async Task Leader_WhoseLeaseIsTaken_Stops()
    {
        _ = Start("first");
        await WaitAsync("first begins");
        var lease = _api.Get(Lease)!;
        lease["spec"]!["holderIdentity"] = "usurper";
        lease["spec"]!["leaseDurationSeconds"] = 3600;
        lease["metadata"]!.AsObject().Remove("resourceVersion");
        _api.Put(Lease, lease);

        await WaitAsync("first ends");

        Assert.Equal("usurper", Holder());
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _api.Dispose();
        _told.Dispose();
    }

    private Task Start(string identity, CancellationToken? stop = null)
    {
        var options = new LeadershipOptions
        {
            LeaseDuration = TimeSpan.FromSeconds(4),
            RenewDeadline = TimeSpan.FromSeconds(1),
            RetryPeriod = TimeSpan.FromMilliseconds(100),
        };
        var elector = new LeaderElector(_api.Connect(TimeProvider.System), "pico", identity, options, TimeProvider.System, NullLogger.Instance);
        return elector.RunAsync(
            async lost =>
            {
                Tell(identity + " begins");
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Tell(identity + " ends");
            },
            stop ?? _stop.Token);
    }

    private static string Body(HttpRequestMessage request)
    {
        using var reader = new StreamReader(request.Content!.ReadAsStream());
        return reader.ReadToEnd();
    }

    private string? Holder() => (string?)_api.Get(Lease)!["spec"]!["holderIdentity"];

    private void Tell(string what)
    {
        lock (_story)
            _story.Add(what);
        _told.Release();
    }

    private string[] Story()
    {
        lock (_story)
            return [.. _story];
    }

    private async Task WaitAsync(string what)
    {
        while (!Story().Contains(what))
            Assert.True(await _told.WaitAsync(Patience, TestContext.Current.CancellationToken), $"It never came that {what}.");
    }
}
