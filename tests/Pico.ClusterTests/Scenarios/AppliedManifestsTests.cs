using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;
using Pico.Tests;

namespace Pico.ClusterTests.Scenarios;

/// <summary>An installation without Helm, as <c>manifests/README.md</c> says it, rendered for this cluster's version and with the images under test.</summary>
[Collection(nameof(Alone))]
public sealed class AppliedManifestsTests(PicoRelease pico)
{
    private static readonly string Source = Path.Combine(Repository.Root, "manifests");
    private static readonly TimeSpan InAMinute = TimeSpan.FromSeconds(60);
    private static readonly string[] Removed = ["controller.yaml", "server.yaml", "users.yaml"];

    [Fact]
    public async Task Manifests_AppliedWithTheirSecret_ServeAnAnnotatedPod_AndAreRemoved()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await pico.UninstallAsync();
        using var folder = new TempFolder();
        await RenderAsync(folder);
        await KubectlAsync("create", "secret", "generic", "pico-gossip", $"--from-literal=keys={Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}");
        try
        {
            await KubectlAsync("apply", "--kustomize", folder.Path);
            await KubectlAsync("rollout", "status", "deployment/pico-server", "--timeout=120s");
            await KubectlAsync("rollout", "status", "deployment/pico-controller", "--timeout=120s");
            await pico.UntilJoinedAsync(3, InAMinute);

            await scene.DeployAsync(Manifests.Service("web", $"pico.dev/inject: \"true\", pico.dev/endpoints: {scene.Endpoint("web")}/8080"), "web");
            await scene.UntilAllServeAsync(scene.Endpoint("web"), InAMinute);
        }
        finally
        {
            await KubectlAsync("apply", "--filename", folder.File("cleanup.yaml"));
            await KubectlAsync("wait", "--for=condition=complete", "job/pico-cleanup", "--timeout=180s");
            await KubectlAsync("delete", "--filename", folder.File("cleanup.yaml"));
            foreach (var file in Removed)
                await KubectlAsync("delete", "--filename", folder.File(file));
            await KubectlAsync("delete", "secret", "pico-gossip");
        }

        Assert.Empty(await scene.Kubectl.ListAsync(PicoRelease.Namespace, "deployments,services,configmaps -l app.kubernetes.io/name=pico"));
    }

    private async Task RenderAsync(TempFolder folder)
    {
        var version = JsonNode.Parse(await pico.Kubectl.RunAsync("get", "--raw", "/version"))!;
        var kubernetes = $"{version["major"]!.GetValue<string>()}.{version["minor"]!.GetValue<string>().TrimEnd('+')}.0";
        (await Command.RunAsync(new("bash", "bash"), Path.Combine(Source, "render"), folder.Path, kubernetes)).Succeeded();
        foreach (var file in Directory.GetFiles(folder.Path))
        {
            var text = await File.ReadAllTextAsync(file);
            foreach (var image in Images.All)
                text = text.Replace($"{image[(image.LastIndexOf('/') + 1)..image.LastIndexOf(':')]}:0.1.0", image, StringComparison.Ordinal);
            await File.WriteAllTextAsync(file, text);
        }

        foreach (var file in (string[])["namespace.yaml", "kustomization.yaml"])
            File.Copy(Path.Combine(Source, file), folder.File(file));
    }

    private Task<string> KubectlAsync(params string[] arguments) => pico.Kubectl.RunAsync([.. arguments, "--namespace", PicoRelease.Namespace]);
}
