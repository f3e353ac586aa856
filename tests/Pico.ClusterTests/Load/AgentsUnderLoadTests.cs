using System.Globalization;
using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Load;

/// <summary>What looks after the agents goes away, and they themselves are exchanged, while 200 requests a second go through them.</summary>
[Collection(nameof(Alone))]
[Trait(UnderLoad.Trait, UnderLoad.Runs)]
public sealed class AgentsUnderLoadTests(PicoRelease pico)
{
    private const string Controllers = "deployment/pico-controller";
    private const int ControllerPort = 8005;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Pods_OfAServiceWithAgentsRolled_FailNoRequest()
    {
        await UntilControllersAsync();
        var generator = await pico.LoadAsync();
        var before = await generator.PodsAsync();
        await using var load = await generator.BeginAsync();

        await generator.Scene.Kubectl.RunAsync("rollout", "restart", LoadGenerator.Service, "--namespace", generator.Scene.Name);
        await generator.Scene.Kubectl.UntilAsync("only new pods are there", generator.Scene.Name, LoadGenerator.Pods, Patience,
            pods => pods.Count == 2 && pods.All(PicoRelease.IsReady) && !pods.Any(p => before.Contains(p["metadata"]!["name"]!.GetValue<string>())));

        await load.EndWithoutFailureAsync();
    }

    [Fact]
    public async Task Controllers_DownForAMinute_FailNoRequest()
    {
        await UntilControllersAsync();
        await using var load = await (await pico.LoadAsync()).BeginAsync();

        try
        {
            await ScaleControllersAsync(0);
            await pico.UntilNoControllersAsync();
            await load.WaitAsync(TimeSpan.FromMinutes(1));
        }
        finally
        {
            await ScaleControllersAsync(2);
            await UntilControllersAsync();
        }

        await load.EndWithoutFailureAsync();
    }

    [Fact]
    public async Task WebhookCertificate_AndItsAuthorityReplaced_EveryPodOfEverySecondGetsItsAgentAndNoRequestFails()
    {
        const string Secret = "secret/pico-webhook-certificate";
        await UntilControllersAsync();
        await using var load = await (await pico.LoadAsync()).BeginAsync();
        await using var scene = await pico.CreateNamespaceAsync();
        var before = await pico.Kubectl.FindAsync(PicoRelease.Namespace, Secret);
        var lifetimes = await LifetimesAsync();
        Assert.Equal(2, lifetimes.Count);

        using var stop = new CancellationTokenSource();
        var made = MakePodsAsync(scene, stop.Token);
        await pico.Kubectl.RunAsync("delete", Secret, "--namespace", PicoRelease.Namespace);
        await pico.Kubectl.UntilAsync("there is another certificate", PicoRelease.Namespace, Secret, Patience, secret =>
            secret["data"]!["tls.crt"]!.GetValue<string>() != before!["data"]!["tls.crt"]!.GetValue<string>());
        await Deadline.UntilAsync("every controller serves with it", Patience, async _ =>
            await LifetimesAsync() is { Count: 2 } now && now.All(c => c.Value > lifetimes[c.Key]));
        await load.WaitAsync(TimeSpan.FromSeconds(5));
        await stop.CancelAsync();
        var count = await made;

        var pods = await pico.Kubectl.ListAsync(scene.Name, "pods");
        Assert.Equal(count, pods.Count);
        Assert.All(pods, pod => Assert.Contains(pod["spec"]!["containers"]!.AsArray(), c => c!["name"]!.GetValue<string>() == "pico-agent"));
        await load.EndWithoutFailureAsync();
    }

    // A test before may have made Pico anew.
    private async Task UntilControllersAsync()
    {
        await pico.EnsureInstalledAsync();
        await pico.Kubectl.UntilAsync("the controllers are there", PicoRelease.Namespace, PicoRelease.ControllerPods, Patience, pods => pods.Count == 2 && pods.All(PicoRelease.IsReady));
    }

    // For how long the certificate that each controller serves with is still valid: a new one is so for longer.
    private async Task<IReadOnlyDictionary<string, double>> LifetimesAsync()
    {
        const string Metric = "pico_controller_certificate_remaining_seconds";
        var lifetimes = new Dictionary<string, double>(StringComparer.Ordinal);
        // One that is on its way out, of another test, is no longer to be asked.
        var controllers = (await pico.Kubectl.ListAsync(PicoRelease.Namespace, PicoRelease.ControllerPods)).Where(PicoRelease.IsReady);
        foreach (var name in controllers.Select(pod => pod["metadata"]!["name"]!.GetValue<string>()))
        {
            await using var port = await PodPort.ForwardAsync(pico.Kubectl, PicoRelease.Namespace, $"pod/{name}", ControllerPort);
            var line = (await port.Http.GetStringAsync("/metrics")).Split('\n').First(l => l.StartsWith(Metric, StringComparison.Ordinal));
            lifetimes[name] = double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        }

        return lifetimes;
    }

    // They need not run for their agent to be seen: no node takes them.
    private static async Task<int> MakePodsAsync(TestNamespace scene, CancellationToken stop)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
        var count = 0;
        do
        {
            await scene.ApplyAsync(
                $$"""
                apiVersion: v1
                kind: Pod
                metadata: {name: pod-{{count++}}, annotations: {pico.dev/inject: "true"} }
                spec:
                  nodeSelector: {pico.dev/test: none}
                  {{Manifests.Container.ReplaceLineEndings("\n  ")}}
                """);
        }
        while (await NextAsync(second, stop));
        return count;
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private Task ScaleControllersAsync(int count) =>
        pico.Kubectl.RunAsync("scale", Controllers, $"--replicas={count}", "--namespace", PicoRelease.Namespace);
}
