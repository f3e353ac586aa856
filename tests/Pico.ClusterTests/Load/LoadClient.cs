using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Load;

/// <summary>The client in the cluster whose requests the tests count: a pod of the test service's image (tests/Pico.TestService/Load) that watches which servers are ready.</summary>
internal sealed class LoadClient : IAsyncDisposable
{
    private const int ProbesPerSecond = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // Without a share of its own it would get what everybody else leaves: next to nothing while everything starts, and so hear late of the servers that go.
    private static readonly string Container = Manifests.WithApiToken(Manifests.Container)
        .Replace("cpu: 100m", "cpu: 500m", StringComparison.Ordinal);

    private readonly Kubectl _kubectl;
    private readonly string _release;
    private readonly string _role;
    private readonly PodPort _port;
    private int _runs;

    private LoadClient(Kubectl kubectl, string release, string role, string node, PodPort port) => (_kubectl, _release, _role, Node, _port) = (kubectl, release, role, node, port);

    /// <summary>The node that it runs on.</summary>
    public string Node { get; }

    /// <summary>Starts it in a namespace, as a client of the installation in the namespace <paramref name="release"/>.</summary>
    public static async Task<LoadClient> StartAsync(TestNamespace scene, string release)
    {
        var role = $"load-of-{scene.Name}";
        await scene.Kubectl.ApplyAsync(
            release,
            $$"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: {{role}}}
            rules: [{apiGroups: [""], resources: [endpoints], verbs: [watch]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: {{role}}}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{role}}}
            subjects: [{kind: ServiceAccount, name: default, namespace: {{scene.Name}}}]
            """);
        await scene.ApplyAsync(
            $$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: load}
            spec:
              {{Container.ReplaceLineEndings("\n  ")}}
                  args: [load, {{release}}/pico-proxy]
            """);
        var pod = await scene.Kubectl.UntilAsync("the client runs", scene.Name, "pod/load", Patience, pod => Conditions.IsTrue(pod, "Ready"));
        return new(scene.Kubectl, release, role, pod["spec"]!["nodeName"]!.GetValue<string>(), await PodPort.ForwardAsync(scene.Kubectl, scene.Name, "pod/load", 8080));
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
        await _port.DisposeAsync();
        await _kubectl.RunAsync("delete", "role,rolebinding", _role, "--namespace", _release, "--ignore-not-found");
    }

    private LoadRun Create(int rate) => new(_port.Http, $"run-{Interlocked.Increment(ref _runs)}", rate);
}
