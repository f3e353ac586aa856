using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Load;

/// <summary>A client of the shared installation, and a service for it: two pods, each with its agent, that finish their requests on SIGTERM.</summary>
internal sealed class LoadGenerator : IAsyncDisposable
{
    /// <summary>The service's Deployment.</summary>
    public const string Service = "deployment/web";

    /// <summary>Its pods.</summary>
    public const string Pods = "pods -l app=web";

    private const int RequestsPerSecond = 200;

    private LoadGenerator(TestNamespace scene, LoadClient client) => (Scene, Client) = (scene, client);

    /// <summary>The namespace of both.</summary>
    public TestNamespace Scene { get; }

    /// <summary>The client.</summary>
    public LoadClient Client { get; }

    /// <summary>The service's endpoint.</summary>
    public string Endpoint => Scene.Endpoint("web");

    public static async Task<LoadGenerator> StartAsync(PicoRelease pico)
    {
        var scene = await pico.CreateNamespaceAsync();
        await scene.DeployAsync(Manifests.Service("web", $"pico.dev/inject: \"true\", pico.dev/endpoints: {scene.Endpoint("web")}/8080", replicas: 2), "web");
        return new(scene, await LoadClient.StartAsync(scene, PicoRelease.Namespace));
    }

    /// <summary>Begins to send 200 requests a second to the service.</summary>
    public Task<LoadRun> BeginAsync() => Client.BeginAsync(Endpoint, RequestsPerSecond);

    /// <summary>The names of the service's pods.</summary>
    public async Task<IReadOnlyList<string>> PodsAsync() =>
        [.. (await Scene.Kubectl.ListAsync(Scene.Name, Pods)).Select(pod => pod["metadata"]!["name"]!.GetValue<string>())];

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Scene.DisposeAsync();
    }
}
