using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Pico.ClusterTests.Load;
using Pico.IntegrationTests.Fixtures;
using Pico.Tests;

namespace Pico.ClusterTests.Fixtures;

/// <summary>
/// The one installation of the chart, with its defaults, that all tests share: made by the first test that needs it, gone at the end. With PICO_TEST_KEEP=1 it stays,
/// and the next run finds it.
/// </summary>
public sealed class PicoRelease : IAsyncDisposable
{
    /// <summary>The namespace it is in.</summary>
    internal const string Namespace = "pico";

    internal const string Name = "pico";

    /// <summary>The servers' pods.</summary>
    internal const string ServerPods = "pods -l app.kubernetes.io/component=server";

    /// <summary>The controllers' pods.</summary>
    internal const string ControllerPods = "pods -l app.kubernetes.io/component=controller";

    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ChangeTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private static readonly bool Keeps = Environment.GetEnvironmentVariable("PICO_TEST_KEEP") == "1";

    private readonly Lazy<Task<KubernetesCluster>> _cluster = new(KubernetesCluster.StartAsync);
    private readonly SemaphoreSlim _installing = new(1);
    private readonly ConcurrentDictionary<string, Lazy<Task<PodPort>>> _servers = [];
    private readonly Lazy<Task<LoadGenerator>> _load;
    private readonly Lazy<Task<OtherPico>> _other;
    private bool _isInstalled;

    public PicoRelease()
    {
        _load = new(() => LoadGenerator.StartAsync(this));
        _other = new(() => OtherPico.StartAsync(this));
    }

    internal Kubectl Kubectl => _cluster.Value.IsCompletedSuccessfully ? _cluster.Value.Result.Kubectl : throw new InvalidOperationException("Await ClusterAsync first.");

    /// <summary>The cluster, whether Pico is installed or not.</summary>
    internal async Task<Kubectl> ClusterAsync() => (await _cluster.Value).Kubectl;

    /// <summary>A namespace of its own for a test, once Pico is installed.</summary>
    internal async Task<TestNamespace> CreateNamespaceAsync()
    {
        await EnsureInstalledAsync();
        return await TestNamespace.CreateAsync(this);
    }

    /// <summary>Installs it if it is not there.</summary>
    internal async Task EnsureInstalledAsync()
    {
        await _installing.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_isInstalled)
                await InstallAsync();
        }
        finally
        {
            _installing.Release();
        }
    }

    /// <summary>The cluster without Pico; the next test that needs it installs it anew.</summary>
    internal async Task<Kubectl> ClusterWithoutItAsync()
    {
        var kubectl = await ClusterAsync();
        if ((await HelmAsync("status", Name, "--namespace", Namespace)).ExitCode == 0)
            await UninstallAsync();
        return kubectl;
    }

    /// <summary>The client that sends requests at a steady rate.</summary>
    internal async Task<LoadGenerator> LoadAsync()
    {
        await EnsureInstalledAsync();
        return await _load.Value;
    }

    /// <summary>A second Pico beside this one.</summary>
    internal async Task<OtherPico> OtherAsync()
    {
        await EnsureInstalledAsync();
        return await _other.Value;
    }

    /// <summary><c>helm</c> on this cluster.</summary>
    internal async Task<CommandResult> HelmAsync(params string[] arguments) => await new Command(new("helm", "helm"), arguments)
    {
        Environment = (await ClusterAsync()).Environment,
        Timeout = InstallTimeout + TimeSpan.FromSeconds(30),
    }.RunAsync();

    /// <summary>Installs the chart as the docs say, and waits until it is ready and a controller leads.</summary>
    /// <param name="values">More values, as for <c>--set</c>.</param>
    internal async Task InstallAsync(params IEnumerable<string> values)
    {
        var settings = Images.ChartValues.Concat(values).SelectMany(v => (string[])["--set", v]);
        var result = await HelmAsync(
        [
            "upgrade", Name, Path.Combine(Repository.Root, "charts", "pico"), "--install", "--namespace", Namespace, "--create-namespace",
            "--wait", "--timeout", $"{(int)InstallTimeout.TotalSeconds}s", .. settings,
        ]);
        if (result.ExitCode != 0)
            Assert.Fail($"{result.Error}\n{result.Text}\n{(await Kubectl.TryAsync("get", "pods,events", "--namespace", Namespace)).Text}");
        await UntilLedAsync();
        _isInstalled = true;
    }

    /// <summary>Goes back to the revision before the last one, and waits until that is ready.</summary>
    internal async Task RollBackAsync() =>
        (await HelmAsync("rollback", Name, "--namespace", Namespace, "--wait", "--timeout", $"{(int)InstallTimeout.TotalSeconds}s")).Succeeded();

    /// <summary>Until one of the live controllers leads.</summary>
    internal async Task UntilLedAsync()
    {
        var controllers = (await Kubectl.ListAsync(Namespace, ControllerPods)).Where(IsReady).Select(pod => pod["metadata"]!["name"]!.GetValue<string>()).ToList();
        await Kubectl.UntilAsync(
            "a controller leads", Namespace, $"lease/{Name}-controller", InstallTimeout,
            lease => controllers.Any(c => lease["spec"]?["holderIdentity"]?.GetValue<string>().StartsWith(c, StringComparison.Ordinal) == true));
    }

    /// <summary>Until no controller is there any more, also none that is asked to end: its webhook answers for a while.</summary>
    internal Task UntilNoControllersAsync() =>
        Deadline.UntilAsync("no controller is there", ChangeTimeout, async _ => (await Kubectl.ListAsync(Namespace, ControllerPods)).Count == 0);

    /// <summary>Uninstalls it; the next test that needs it installs it anew.</summary>
    internal async Task UninstallAsync()
    {
        _isInstalled = false;
        (await HelmAsync("uninstall", Name, "--namespace", Namespace, "--wait")).Succeeded();
    }

    /// <summary>The ready servers, each reachable from here.</summary>
    internal async Task<IReadOnlyList<PodPort>> ServersAsync()
    {
        var pods = (await Kubectl.ListAsync(Namespace, ServerPods)).Where(IsReady).Select(pod => pod["metadata"]!["name"]!.GetValue<string>());
        return await Task.WhenAll(pods.Select(pod => _servers.GetOrAdd(pod, name => new(() => PodPort.ForwardAsync(Kubectl, Namespace, $"pod/{name}", 8000))).Value));
    }

    /// <summary>What all servers together remember of what happened, as <c>/events</c> tells it.</summary>
    internal async Task<IReadOnlyList<JsonNode>> EventsAsync()
    {
        var events = new List<JsonNode>();
        foreach (var server in await ServersAsync())
        {
            await using var admin = await PodPort.ForwardAsync(Kubectl, Namespace, server.Target, 8003);
            events.AddRange(JsonNode.Parse(await admin.Http.GetStringAsync("/events"))!["items"]!.AsArray().Select(e => e!));
        }

        return events;
    }

    /// <summary>Until so many servers are ready, of the Deployment's present form, and those before them have ended.</summary>
    internal async Task UntilServersAsync(int count)
    {
        await Kubectl.RunAsync("rollout", "status", "deployment/pico-server", "--namespace", Namespace, $"--timeout={(int)ChangeTimeout.TotalSeconds}s");
        // Not by a watch, which tells of what is there one after the other: three that are ready may be followed by one that ends.
        await Deadline.UntilAsync($"{count} servers are ready, and no others there", ChangeTimeout, async token =>
        {
            var pods = await Kubectl.ListAsync(Namespace, ServerPods);
            if (pods.Count == count && pods.All(IsReady))
                return true;
            await Task.Delay(BetweenLooks, TimeProvider.System, token);
            return false;
        });
    }

    /// <summary>Until there are <paramref name="count"/> ready servers, no other pods of servers, and each knows as many nodes.</summary>
    internal async Task UntilJoinedAsync(int count, TimeSpan time)
    {
        await Kubectl.UntilAsync($"{count} servers are ready", Namespace, ServerPods, time, (IReadOnlyList<JsonNode> pods) => pods.Count == count && pods.All(IsReady));
        foreach (var server in await ServersAsync())
        {
            await using var admin = await PodPort.ForwardAsync(Kubectl, Namespace, server.Target, 8003);
            await Deadline.UntilAsync($"{server.Target} knows {count} ready nodes", time, async _ =>
            {
                var nodes = (await PicoProgram.RunAsync("status", "nodes", "--server", admin.Address.ToString(), "--output", "json")).Succeeded().Text;
                return JsonNode.Parse(nodes)!.AsArray().Count(node => node!["state"]!.GetValue<string>() == "ready") == count;
            });
        }
    }

    internal static bool IsReady(JsonNode pod) =>
        pod["metadata"]!["deletionTimestamp"] is null && Conditions.IsTrue(pod, "Ready");

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values.Where(s => s.Value.IsCompletedSuccessfully))
            await server.Value.Result.DisposeAsync();
        if (_other.IsValueCreated && _other.Value.IsCompletedSuccessfully)
            await _other.Value.Result.DisposeAsync();
        if (_load.IsValueCreated && _load.Value.IsCompletedSuccessfully)
            await _load.Value.Result.DisposeAsync();
        if (!_cluster.IsValueCreated || !_cluster.Value.IsCompletedSuccessfully)
            return;
        if (_isInstalled && !Keeps)
            await UninstallAsync();
        await _cluster.Value.Result.DisposeAsync();
        _installing.Dispose();
    }
}
