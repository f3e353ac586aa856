using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Charts;

/// <summary>Every pod that comes of the chart: servers, controllers, hooks, tests.</summary>
public sealed class PodTests
{
    public static IEnumerable<TheoryDataRow<string, string>> All => ValueSets.All;

    /// <summary>The restricted Pod Security Standard (kubernetes.io, "Pod Security Standards"), and a root file system that nothing is written to.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Pods_AreRestricted(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        Assert.NotEmpty(rendering.Pods());
        foreach (var pod in rendering.Pods())
        {
            foreach (var host in (string[])["hostNetwork", "hostPID", "hostIPC"])
                Assert.True(pod.Spec[host] is null, $"{pod} has {host}");
            string[] volumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];
            Assert.All(pod.Spec["volumes"] as JsonArray ?? [], v => Assert.Contains(v!.AsObject().Single(m => m.Key != "name").Key, volumes));
            var ofPod = pod.Spec["securityContext"];
            Assert.All(pod.Containers, container =>
            {
                var security = container["securityContext"]!;
                Assert.False((bool)security["allowPrivilegeEscalation"]!);
                Assert.True((bool)security["readOnlyRootFilesystem"]!);
                Assert.True((bool)(security["runAsNonRoot"] ?? ofPod!["runAsNonRoot"])!);
                Assert.NotEqual(0, (int)(security["runAsUser"] ?? ofPod!["runAsUser"])!);
                Assert.Equal(["ALL"], security["capabilities"]!["drop"]!.AsArray().Select(c => (string?)c));
                Assert.Null(security["capabilities"]!["add"]);
                Assert.Null(security["privileged"]);
                Assert.Contains((string?)(security["seccompProfile"] ?? ofPod!["seccompProfile"])!["type"], (string[])["RuntimeDefault", "Localhost"]);
                Assert.All(container["ports"] as JsonArray ?? [], p => Assert.Null(p!["hostPort"]));
            });
        }
    }

    /// <summary>The images have no shell: only <c>pico</c> can be run in them.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Pods_RunNothingButPico(string values, string kubernetes)
    {
        foreach (var container in (await Helm.RenderAsync(values, kubernetes)).Pods().SelectMany(p => p.Containers))
        {
            Assert.Null(container["command"]);
            Assert.Matches("(^|/)pico-server(:|@)", (string?)container["image"]);
            string[] handlers = [.. ((string[])["startupProbe", "livenessProbe", "readinessProbe"]).Where(p => container[p] is not null)];
            Assert.All(handlers, handler => Assert.NotNull(container[handler]!["httpGet"]));
            foreach (var hook in container["lifecycle"] as JsonObject ?? [])
                Assert.True(hook.Value!["exec"] is null || (string?)hook.Value["exec"]!["command"]![0] is "/app/pico", $"{hook.Key} runs something else");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Pods_HaveEveryVolumeAndPortThatTheyUse(string values, string kubernetes)
    {
        foreach (var pod in (await Helm.RenderAsync(values, kubernetes)).Pods())
        {
            var volumes = (pod.Spec["volumes"] as JsonArray ?? []).Select(v => (string)v!["name"]!).ToArray();
            Assert.Equal(volumes.Distinct(), volumes);
            var mounts = pod.Containers.SelectMany(c => c["volumeMounts"] as JsonArray ?? []).Select(m => (string)m!["name"]!).ToHashSet();
            Assert.Equal(volumes.ToHashSet(), mounts);
            var ports = pod.Ports.Select(p => p.Name).ToArray();
            Assert.Equal(ports.Distinct(), ports);
            Assert.All(ports, p => Assert.True(p.Length <= 15, $"{p} is longer than a port's name may be"));
            Assert.All(pod.Containers.SelectMany(c => c.AsObject()).Where(m => m.Key.EndsWith("Probe", StringComparison.Ordinal)), probe =>
                Assert.Contains((string)probe.Value!["httpGet"]!["port"]!, ports));
        }
    }

    /// <summary>A Service account is in the chart, or the values name one that is the user's.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Pods_HaveTheAccountsThatTheyName(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        var accounts = rendering.Of("ServiceAccount").Select(a => a.Name).ToHashSet();
        Assert.All(rendering.Pods().Select(p => (string?)p.Spec["serviceAccountName"]).OfType<string>(), name => Assert.Contains(name, accounts));
        // No token is given where none is needed.
        Assert.All(rendering.Of("ServiceAccount"), a => Assert.False((bool)a.Json["automountServiceAccountToken"]!));
        Assert.All(rendering.Pods(), p => Assert.NotNull(p.Spec["automountServiceAccountToken"]));
    }
}
