using System.Globalization;
using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>Which pods get an agent, and what of the others.</summary>
public sealed class InjectionTests(PicoRelease pico)
{
    private const int NativeSidecars = 29;
    private static readonly TimeSpan Starts = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Pod_WithoutAnnotation_IsNotTouched()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.DeployAsync(Manifests.Service("plain", ""), "plain");

        var pod = Assert.Single(await scene.Kubectl.ListAsync(scene.Name, "pods"));

        Assert.Single(pod["spec"]!["containers"]!.AsArray());
        Assert.DoesNotContain("pico.dev", pod["metadata"]!["labels"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("pico-agent", pod["spec"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pod_WithAWrongAnnotation_StartsWithTheDefaultAndAnEventSaysWhichOne()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.DeployAsync(Manifests.Service("web", "pico.dev/inject: \"true\", pico.dev/memory-limit: plenty"), "web");

        var pod = Assert.Single(await scene.Kubectl.ListAsync(scene.Name, "pods"));
        Assert.Contains("pico-agent", Containers(pod));
        await scene.Kubectl.UntilAsync(
            "an Event names the annotation", scene.Name, $"events --field-selector involvedObject.name={pod["metadata"]!["name"]}", Starts,
            events => events.Any(e => e["reason"]!.GetValue<string>() == "InvalidAnnotation" && e["message"]!.GetValue<string>().Contains("pico.dev/memory-limit", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task PodOfAJob_ThatAsksForAnAgent_CompletesAndBeforeNativeSidecarsIsLeftAloneWithAnEvent()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.ApplyAsync(
            $$$"""
            apiVersion: batch/v1
            kind: Job
            metadata: {name: once}
            spec:
              template:
                metadata:
                  annotations: {pico.dev/inject: "true", pico.dev/endpoints: {{{scene.Endpoint("once")}}}/8080}
                spec:
                  restartPolicy: Never
                  containers: [{name: once, image: {{{Images.Server}}}, imagePullPolicy: IfNotPresent, args: [version]}]
            """);

        await scene.Kubectl.UntilAsync("it completes", scene.Name, "job/once", Starts, job => Conditions.IsTrue(job, "Complete"));
        var pod = Assert.Single(await scene.Kubectl.ListAsync(scene.Name, "pods"));
        if (await MinorVersionAsync(scene.Kubectl) >= NativeSidecars)
        {
            Assert.Contains("pico-agent", Containers(pod));
            return;
        }

        Assert.Equal(["once"], Containers(pod));
        await scene.Kubectl.UntilAsync(
            "an Event says so", scene.Name, $"events --field-selector involvedObject.name={pod["metadata"]!["name"]}", Starts,
            events => events.Any(e => e["reason"]!.GetValue<string>() == "InjectionSkipped"));
    }

    [Fact]
    public async Task Agent_BesideAnApplicationWithATokenForTheApi_HasNone()
    {
        const string Folder = "/var/run/secrets/kubernetes.io/serviceaccount";
        await using var scene = await pico.CreateNamespaceAsync();
        await scene.DeployAsync(Manifests.WithApiToken(Manifests.Service("web", "pico.dev/inject: \"true\"")), "web");

        var pod = Assert.Single(await scene.Kubectl.ListAsync(scene.Name, "pods"));

        Assert.NotEqual("pico-pod", VolumeAt("service"));
        Assert.Equal("pico-pod", VolumeAt("pico-agent"));

        string VolumeAt(string container) => ContainersOf(pod)
            .Single(c => c["name"]!.GetValue<string>() == container)["volumeMounts"]!.AsArray()
            .Single(m => m!["mountPath"]!.GetValue<string>() == Folder)!["name"]!.GetValue<string>();
    }

    private static async Task<int> MinorVersionAsync(Kubectl kubectl)
    {
        var version = JsonNode.Parse(await kubectl.RunAsync("get", "--raw", "/version"))!["minor"]!.GetValue<string>();
        return int.Parse(version.TrimEnd('+'), CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string> Containers(JsonNode pod) => ContainersOf(pod).Select(c => c["name"]!.GetValue<string>());

    private static IEnumerable<JsonNode> ContainersOf(JsonNode pod) =>
        ((string[])["containers", "initContainers"]).SelectMany(kind => pod["spec"]![kind]?.AsArray() ?? []).Select(c => c!);
}
