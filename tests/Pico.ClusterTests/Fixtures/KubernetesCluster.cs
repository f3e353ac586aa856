using Pico.IntegrationTests.Fixtures;
using Testcontainers.K3s;

namespace Pico.ClusterTests.Fixtures;

/// <summary>The cluster under test: the one that <c>KUBECONFIG</c> names, else a K3s container where Docker runs.</summary>
internal sealed class KubernetesCluster : IAsyncDisposable
{
    private const string DockerSocket = "/var/run/docker.sock";
    private static readonly string[] ContainerdImport = ["ctr", "--namespace", "k8s.io", "images", "import"];

    private readonly K3sContainer? _container;
    private readonly string _folder;

    private KubernetesCluster(string kubeConfig, K3sContainer? container, string folder)
    {
        Kubectl = new(kubeConfig);
        _container = container;
        _folder = folder;
    }

    public Kubectl Kubectl { get; }

    /// <summary>Finds or starts it. Skips the test when there is neither way; fails it instead where CI=true.</summary>
    public static async Task<KubernetesCluster> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } file)
            return new(file, null, "");
        if (!File.Exists(DockerSocket) && Environment.GetEnvironmentVariable("DOCKER_HOST") is null)
            throw Tool.Lacking("There is no Kubernetes: KUBECONFIG names none, and Docker, in which K3s could run, does not run here.");

        var container = new K3sBuilder("rancher/k3s:v1.34.1-k3s1").Build();
        using var deadline = Deadline.After(TimeSpan.FromMinutes(5));
        await container.StartAsync(deadline.Token);
        await LoadAsync(container, deadline.Token);
        var folder = Directory.CreateTempSubdirectory("pico-k3s-").FullName;
        var path = Path.Combine(folder, "kubeconfig");
        await File.WriteAllTextAsync(path, await container.GetKubeconfigAsync(), deadline.Token);
        return new(path, container, folder);
    }

    public async ValueTask DisposeAsync()
    {
        if (_container is null)
            return;
        await _container.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // `make images` has left them in Docker; K3s has a store of its own.
    private static async Task LoadAsync(K3sContainer container, CancellationToken cancellationToken)
    {
        const string Archive = "/tmp/pico-images.tar";
        var saved = await new Command(new("docker", "docker.io"), ["save", .. Images.All]) { Timeout = TimeSpan.FromMinutes(2) }.RunAsync();
        Assert.True(saved.ExitCode == 0, $"The images are missing: run `make images` first.\n{saved.Error}");
        await container.CopyAsync(saved.Output, Archive, ct: cancellationToken);
        var imported = await container.ExecAsync([.. ContainerdImport, Archive], cancellationToken);
        Assert.True(imported.ExitCode == 0, $"K3s does not take the images: {imported.Stderr}");
    }
}
