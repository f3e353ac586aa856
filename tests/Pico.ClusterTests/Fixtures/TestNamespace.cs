using System.Net;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Fixtures;

/// <summary>A namespace of one test, deleted with it. Endpoint IDs bear its name, so that no two tests share one.</summary>
internal sealed class TestNamespace : IAsyncDisposable
{
    /// <summary>What the names of all of them begin with.</summary>
    public const string Prefix = "pico-test-";

    private TestNamespace(PicoRelease pico, string name)
    {
        Pico = pico;
        Name = name;
    }

    public PicoRelease Pico { get; }

    public string Name { get; }

    public Kubectl Kubectl => Pico.Kubectl;

    public static async Task<TestNamespace> CreateAsync(PicoRelease pico)
    {
        var name = $"{Prefix}{Guid.NewGuid().ToString("N")[..8]}";
        await pico.Kubectl.RunAsync("create", "namespace", name);
        // Pods are refused until it is there.
        await pico.Kubectl.UntilAsync("the namespace has its ServiceAccount", name, "serviceaccount/default", TimeSpan.FromSeconds(30), (System.Text.Json.Nodes.JsonNode _) => true);
        return new(pico, name);
    }

    /// <summary>An endpoint ID of this test's own.</summary>
    public string Endpoint(string name) => $"{name}-{Name[^8..]}";

    /// <summary><c>kubectl apply</c> in this namespace.</summary>
    public Task ApplyAsync(string manifest) => Kubectl.ApplyAsync(Name, manifest);

    /// <summary>Applies a Deployment of the test service and waits until its pods are ready.</summary>
    public async Task DeployAsync(string manifest, string deployment)
    {
        await ApplyAsync(manifest);
        await Kubectl.RunAsync("rollout", "status", $"deployment/{deployment}", "--namespace", Name, "--timeout=60s");
    }

    /// <summary>
    /// Asks every ready server for <paramref name="endpoint"/> again and again, until each of them answers as <paramref name="wish"/> says; gives how long that took.
    /// Fails after <paramref name="time"/> with the last answers.
    /// </summary>
    public async Task<TimeSpan> UntilAllAnswerAsync(string endpoint, TimeSpan time, Func<HttpStatusCode, string, bool> wish)
    {
        var servers = await Pico.ServersAsync();
        Assert.NotEmpty(servers);
        var start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(servers.Select(async server =>
        {
            var last = "nothing";
            try
            {
                await Deadline.UntilAsync($"{server.Target} answers for {endpoint}", time, async token =>
                {
                    var (status, body) = await server.GetAsync(endpoint, cancellationToken: token);
                    last = $"{(int)status} {body}";
                    return wish(status, body);
                });
            }
            catch (TimeoutException e)
            {
                throw new TimeoutException($"{e.Message}; the last answer was {last}", e);
            }
        }));
        return TimeProvider.System.GetElapsedTime(start);
    }

    /// <summary>Applies <paramref name="manifest"/> and awaits its effect; fails when both together take longer than <paramref name="time"/>.</summary>
    public async Task WithinAsync(string what, TimeSpan time, string manifest, Func<Task> effect)
    {
        var start = TimeProvider.System.GetTimestamp();
        await ApplyAsync(manifest);
        await effect();
        Report(what, time, start);
    }

    /// <summary>Says how long something took since <paramref name="start"/>; fails when that is longer than <paramref name="time"/>.</summary>
    public static void Report(string what, TimeSpan time, long start)
    {
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        TestContext.Current.SendDiagnosticMessage($"{TestContext.Current.TestMethod?.MethodName}: {what} after {elapsed.TotalSeconds:F1} s");
        Assert.True(elapsed <= time, $"{what}: took {elapsed}, longer than {time}");
    }

    /// <summary>Until every server gets the endpoint's service.</summary>
    public Task<TimeSpan> UntilAllServeAsync(string endpoint, TimeSpan time) => UntilAllAnswerAsync(endpoint, time, (status, _) => status == HttpStatusCode.OK);

    /// <summary>Until every server says that nobody serves the endpoint.</summary>
    public Task<TimeSpan> UntilNoneServesAsync(string endpoint, TimeSpan time) => UntilAllAnswerAsync(endpoint, time, (status, _) => status == HttpStatusCode.BadGateway);

    public async ValueTask DisposeAsync() => await Kubectl.RunAsync("delete", "namespace", Name, "--wait=false");
}
