using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;
using Pico.Tests.Kubernetes;

namespace Pico.IntegrationTests.Metrics;

/// <summary>
/// Everything that Pico runs, real processes all of them, watched by a real Prometheus from before their start, and troubled in every way that a dashboard or an alert is to show:
/// <code>
///   Prometheus ─▶ three nodes (the second drains, the third is killed), a fourth that finds nobody
///              ─▶ an agent of whose endpoints some are broken, one whose tunnels are lost when it is killed, one that loses its only node
///              ─▶ a controller that leads at an API server in memory, one that reaches none
/// </code>
/// </summary>
public sealed class MonitoredDeployment : IAsyncLifetime
{
    // A dozen processes start at once.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const int Sigkill = 9;
    private const int Sigterm = 15;

    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _started = [];
    private readonly FakeApiServer _api = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private TroubledTraffic? _traffic;

    /// <summary>Asks them all.</summary>
    internal PrometheusProcess Prometheus { get; private set; } = null!;

    /// <summary>The pages of a server, an agent and a controller that run well.</summary>
    internal IReadOnlyList<Uri> Pages { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        if (!Tool.Prometheus.IsInstalled)
            return; // the tests say so
        string[] hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];
        var (proxy, upstream, admin, gossip, tls) = (Ports.Free(), Ports.Free(), Ports.Free(), Ports.Free(), Ports.Free());
        var agents = Enumerable.Range(0, 3).Select(_ => Ports.Free()).ToArray();
        var controllers = Enumerable.Range(0, 2).Select(_ => Ports.Free()).ToArray();
        var webhook = Ports.Free();
        Prometheus = await PrometheusProcess.StartAsync(
            [
                ("pico-server", [.. hosts.Select(h => $"{h}:{admin}")]),
                ("pico-agent", [.. agents.Select(p => $"127.0.0.1:{p}")]),
                ("pico-controller", [$"127.0.0.1:{controllers[0]}"]),
                ("pico-controller-alone", [$"127.0.0.1:{controllers[1]}"]),
            ],
            Alerts.Impatient());
        Keep(Prometheus);
        Assert.Equal(Alerts.Names.Count, Alerts.Names.Distinct().Count());

        using var issuer = new TokenIssuer("agents");
        var keys = _folder.Write("jwks.json", TokenIssuer.Jwks(issuer));
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var nodes = hosts.Select((host, i) => Keep(ServerProcess.Launch(
            ServerAddresses.Of(host, proxy, upstream, admin),
            new Surroundings { Host = host },
            ["--node-id", $"node-{i + 1}", "--cluster.bind-addr", $"{host}:{gossip}", "--cluster.key", key, "--upstream.auth.jwks-file", keys, "--proxy.max-request-head-size", "8KiB",
            "--grace-period", "10m", "--cluster.zone", "here", "--proxy.tls-passthrough-bind-addr", $"{host}:{tls}",
            .. i < 3 ? new[] { "--cluster.join", $"{hosts[0]}:{gossip}" } : ["--cluster.join", $"127.0.0.5:{gossip}", "--cluster.join-timeout", "1h"]]))).ToArray();
        await StartControllersAsync(controllers, webhook);
        await WaitForAsync("three nodes are a cluster", "sum(pico_node_ready) == 3 and sum(pico_cluster_peers == 2) == 6");

        var token = issuer.Mint(TimeSpan.FromMinutes(4), "obs-*");
        var (dead, flappy) = (Ports.Free(), Ports.Free());
        var web = Keep(await WebService.StartAsync(Map));
        var tcp = Keep(RawService.Start(static connection => connection.ReadHeadAsync()));
        var endpoints = string.Join(',',
            $"obs-web/http://127.0.0.1:{web.Port}", $"obs-down/http://127.0.0.1:{web.Port}", $"obs-sick/http://127.0.0.1:{web.Port}?health=/broken&health-interval=1s",
            $"obs-dead/http://127.0.0.1:{dead}", $"obs-flappy/http://127.0.0.1:{flappy}", $"obs-tcp/tcp://127.0.0.1:{tcp.Port}", $"forbidden/http://127.0.0.1:{web.Port}");
        Keep(Agent(agents[0], nodes[0].Upstream, endpoints, "--connections", "1", "--token", token));
        var lost = Keep(Agent(agents[1], nodes[1].Upstream, $"obs-dead/http://127.0.0.1:{dead}", "--connections", "4", "--token", token, "--reconnect.min-delay", "100ms", "--reconnect.max-delay", "200ms"));
        Keep(Agent(agents[2], nodes[2].Upstream, $"obs-web/http://127.0.0.1:{web.Port}", "--connections", "2", "--token", token));
        await WaitForAsync("everything is registered", $"min(pico_agent_registrations{{instance=\"127.0.0.1:{agents[0]}\"}} == 5) and on () sum(pico_tunnels{{instance=\"{hosts[1]}:{admin}\"}}) == 4 and on () sum(pico_tunnels{{instance=\"{hosts[2]}:{admin}\"}}) >= 1");

        _traffic = new TroubledTraffic(new(nodes, new IPEndPoint(IPAddress.Loopback, gossip), new IPEndPoint(IPAddress.Loopback, tls), $"127.0.0.1:{webhook}"));
        _traffic.Start();
        Pages = [new(nodes[0].Admin, "/metrics"), new($"http://127.0.0.1:{agents[0]}/metrics"), new($"http://127.0.0.1:{controllers[0]}/metrics")];
        await WaitForAsync("an upstream is left out", "sum(pico_upstream_ejections_total{endpoint=\"obs-flappy\"}) > 0");
        Keep(RawService.Start(Answer, flappy));
        await WaitForAsync("streams are refused to other nodes", "sum(pico_relays_refused_total) > 0 and sum(pico_request_retries_total) > 0");

        nodes[2].Process.Signal(Sigkill);
        lost.Signal(Sigkill);
        await WaitForAsync("the node and the tunnels are missed", "sum(pico_events_total{kind=\"node_failed\"}) > 0 and sum(pico_events_total{kind=\"agent_lost\"}) >= 4");
        _ = HangAsync(nodes[1].Proxy);
        await WaitForAsync("something is under way at the node", $"max_over_time(pico_endpoint_in_flight{{instance=\"{hosts[1]}:{admin}\", endpoint=\"obs-web\"}}[5s]) > 0");
        nodes[1].Process.Signal(Sigterm);
    }

    public async ValueTask DisposeAsync()
    {
        if (_traffic is not null)
            await _traffic.DisposeAsync();
        _http.Dispose();
        _api.Dispose();
        foreach (var started in Enumerable.Reverse(_started))
            await started.DisposeAsync();
        _folder.Dispose();
    }

    private static void Map(WebApplication web)
    {
        web.MapGet("/", () => "ok");
        web.MapGet("/broken", () => Results.StatusCode(500));
        web.MapGet("/slow", async (CancellationToken gone) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, gone);
            return "at last";
        });
        web.MapGet("/hang", (CancellationToken gone) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, gone));
    }

    private static async Task Answer(RawConnection connection)
    {
        while (true)
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    }

    private static BackgroundProcess Agent(int port, Uri server, string endpoints, params string[] options) =>
        PicoProgram.Start("agent", ["--endpoints", endpoints, "--server", server.GetLeftPart(UriPartial.Authority), "--bind-addr", $"127.0.0.1:{port}", .. options]);

    private async Task StartControllersAsync(int[] ports, int webhook)
    {
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/shop/picoendpoints/orders", Manifests.ForPods("orders", "orders"));
        _api.Put("/apis/pico.dev/v1alpha1/namespaces/broken/picoendpoints/billing", Manifests.ForPods("billing", "billing"));
        _api.Put("/api/v1/namespaces/shop/pods/missed", Manifests.Parse("metadata: {annotations: {pico.dev/inject: 'true'}}\nspec: {containers: [{name: a}]}\nstatus: {phase: Running}"));
        _api.Intercept = static request => request.Method != HttpMethod.Get && request.RequestUri!.AbsolutePath.Contains("/namespaces/broken/configmaps", StringComparison.Ordinal)
            ? FakeApiServer.Fail(HttpStatusCode.InternalServerError, "broken")
            : null;
        var api = Keep(await FakeApiPort.StartAsync(_api));
        string[] files = [_folder.Write("kubeconfig", api.KubeConfig), _folder.Write("kubeconfig-nowhere", NowhereConfig())];
        for (var i = 0; i < ports.Length; i++)
        {
            Keep(PicoProgram.Start(
                "controller", "--kube-config", files[i], "--namespace", "pico", "--bind-addr", $"127.0.0.1:{ports[i]}",
                "--webhook.bind-addr", $"127.0.0.1:{(i == 0 ? webhook : Ports.Free())}", "--webhook.certificate-lifetime", "1d"));
        }
    }

    private static string NowhereConfig() => $$$"""
        {"apiVersion": "v1", "kind": "Config", "current-context": "a", "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:{{{Ports.Free()}}}"}}],
         "users": [{"name": "a", "user": {"token": "secret"}}], "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "pico"}}]}
        """;

    private async Task WaitForAsync(string what, string expression)
    {
        try
        {
            await Deadline.UntilAsync(what, Patience, async _ => (await Prometheus.QueryAsync(expression)).Count > 0);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{string.Join("\n== a process\n", _started.Select(s => s as BackgroundProcess ?? (s as ServerProcess)?.Process).OfType<BackgroundProcess>().Select(p => p.Log))}", e);
        }
    }

    private async Task HangAsync(Uri proxy)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(proxy, "hang")) { Headers = { { "x-pico-endpoint", "obs-web" } } };
            using var response = await _http.SendAsync(request, CancellationToken.None);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            // The node ends with the tests.
        }
    }

    private T Keep<T>(T started)
        where T : IAsyncDisposable
    {
        _started.Add(started);
        return started;
    }
}
