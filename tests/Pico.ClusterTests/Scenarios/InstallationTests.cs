using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>The chart's whole life, as its user has it.</summary>
[Collection(nameof(Alone))]
public sealed class InstallationTests(PicoRelease pico)
{
    private const int Servers = 3;
    private static readonly TimeSpan InAMinute = TimeSpan.FromSeconds(60);

    // What comes and goes by itself, or is made by Kubernetes for what others make.
    private static readonly string[] Restless =
        ["events", "events.events.k8s.io", "pods", "replicasets.apps", "endpoints", "endpointslices.discovery.k8s.io", "componentstatuses", "nodes", "leases.coordination.k8s.io"];

    [Fact]
    public async Task Chart_InstalledTestedUsedAndUninstalled_IsUpInAMinuteAndLeavesNothingButTheResourceDefinition()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await pico.UninstallAsync();
        await scene.DeployAsync(Manifests.Service("web", ""), "web");
        await scene.ApplyAsync("kind: Service\napiVersion: v1\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}");
        await scene.ApplyAsync(Manifests.ServiceEndpoint("service", scene.Endpoint("service"), "web", "80"));
        await scene.ApplyAsync(Manifests.Endpoint("pods", scene.Endpoint("pods"), "web"));
        var before = await ObjectsAsync(scene);

        var start = TimeProvider.System.GetTimestamp();
        await pico.InstallAsync();
        await pico.UntilJoinedAsync(Servers, InAMinute);
        TestNamespace.Report("three servers ready and joined", InAMinute, start);
        (await pico.HelmAsync("test", PicoRelease.Name, "--namespace", PicoRelease.Namespace)).Succeeded();

        await scene.UntilAllServeAsync(scene.Endpoint("service"), InAMinute);
        await scene.Kubectl.UntilAsync("the agents of pods are told", scene.Name, "pep/pods", InAMinute, pep => Conditions.IsTrue(pep, "Programmed"));
        Assert.NotEqual(before, await ObjectsAsync(scene));

        await pico.UninstallAsync();
        IReadOnlyList<string> left = [], missing = [];
        try
        {
            await Deadline.UntilAsync("all of it is gone", InAMinute, async _ =>
            {
                var after = await ObjectsAsync(scene);
                (left, missing) = ([.. after.Except(before)], [.. before.Except(after)]);
                return left.Count + missing.Count == 0;
            });
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Left: {string.Join(", ", left)}; missing: {string.Join(", ", missing)}");
        }

        Assert.Contains("CustomResourceDefinition <none> picoendpoints.pico.dev", before);
    }

    // Kind, namespace and name of everything, but for what is restless and the namespaces of other tests, which are being deleted.
    private static async Task<IReadOnlyList<string>> ObjectsAsync(TestNamespace scene)
    {
        var kubectl = scene.Kubectl;
        var kinds = (await kubectl.RunAsync("api-resources", "--verbs=list", "--output=name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Except(Restless);
        var table = await kubectl.RunAsync(
            "get", string.Join(',', kinds), "--all-namespaces", "--no-headers", "--ignore-not-found",
            "--output=custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name");
        return [.. table.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            .Where(line => line.Contains(scene.Name, StringComparison.Ordinal) || !line.Contains(TestNamespace.Prefix, StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal)];
    }
}
