using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Load;

/// <summary>The client in the cluster whose requests the tests count: a pod of the test service's image (tests/Pico.TestService/Load), told the ready servers from here.</summary>
internal sealed class LoadClient : IAsyncDisposable
{
    private const int ProbesPerSecond = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly PodPort _port;
    private readonly ReadyServers _servers;
    private int _runs;

    private LoadClient(Kubectl kubectl, string release, string node, PodPort port)
    {
        (Node, _port) = (node, port);
        _servers = new(kubectl, release, UseAsync);
    }

    /// <summary>The node that it runs on.</summary>
    public string Node { get; }

    /// <summary>Starts it in a namespace, as a client of the installation in the namespace <paramref name="release"/>.</summary>
    public static async Task<LoadClient> StartAsync(TestNamespace scene, string release)
    {
        await scene.ApplyAsync(
            $$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: load}
            spec:
              {{Manifests.Container.ReplaceLineEndings("\n  ")}}
                  args: [load]
            """);
        var pod = await scene.Kubectl.UntilAsync("the client runs", scene.Name, "pod/load", Patience, pod => Conditions.IsTrue(pod, "Ready"));
        return new(scene.Kubectl, release, pod["spec"]!["nodeName"]!.GetValue<string>(), await PodPort.ForwardAsync(scene.Kubectl, scene.Name, "pod/load", 8080));
    }

    /// <summary>
    /// Waits until the endpoint answers, then begins to send requests to it, so many a second; perhaps through one address instead, that a new
    /// connection is made to for each request.
    /// </summary>
    public async Task<LoadRun> BeginAsync(string endpoint, int rate, string through = "")
    {
        await Deadline.UntilAsync("the client's requests are answered", Patience, async _ =>
        {
            await using var probe = Create(ProbesPerSecond);
            await probe.BeginAsync(endpoint, through);
            await probe.WaitAsync(TimeSpan.FromSeconds(1));
            return (await probe.EndAsync()).Failures.Count == 0;
        });
        var run = Create(rate);
        await run.BeginAsync(endpoint, through);
        return run;
    }

    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        await _port.DisposeAsync();
    }

    private LoadRun Create(int rate) => new(_port.Http, $"run-{Interlocked.Increment(ref _runs)}", rate);

    private async Task UseAsync(IReadOnlyList<string> servers, CancellationToken cancellationToken)
    {
        using var body = new StringContent(string.Join('\n', servers));
        using var response = await _port.Http.PutAsync("/servers", body, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
