using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Cli.Kubernetes;
using Pico.Cli.Settings;
using Pico.Server.Auth.Issuers;
using Pico.Server.Hosting;
using Pico.Tests.Agent;
using Pico.Tests.Kubernetes;
using Pico.Tests.Server;
using Pico.Tests.Server.Auth.Issuers;

namespace Pico.Tests.Cli;

/// <summary>A server and the Kubernetes API, joined as <c>pico server</c> joins them.</summary>
public sealed class KubernetesJointTests : IDisposable
{
    private const string Claims = "/apis/pico.dev/v1alpha1/namespaces/";

    private readonly FakeApiServer _api = new();
    private readonly TestFolder _folder = new();
    private readonly Accounts _accounts = new("key-1");
    private readonly RecordingLogger _log = new();
    private bool _isForbidden;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public void Dispose()
    {
        _api.Dispose();
        _folder.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task Agent_WithAServiceAccount_GetsWhatItsNamespaceClaims_AndLosesWhatAnotherClaims()
    {
        _api.Put(Claims + "shop/picoendpoints/a", Manifests.ForPods("orders", "orders"));
        await using var port = await ServeAsync();
        await using var server = await StartAsync(port);
        await using var shop = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: _accounts.Token(Now, "shop"));
        await using var other = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: _accounts.Token(Now, "other"));

        Assert.Null(await shop.RegisterAsync("orders"));
        Assert.Contains("endpoint orders belongs to namespace shop", await other.RegisterAsync("orders"), StringComparison.Ordinal);
        Assert.Null(await other.RegisterAsync("free"));

        // Without permission from now on: what is known stays. With it again: what happened meanwhile counts.
        _isForbidden = true;
        _api.CutWatches();
        _api.Put(Claims + "shop/picoendpoints/b", Manifests.ForPods("free", "orders"));
        await _log.WaitForAsync("it needs the verbs list and watch in the whole cluster", TimeSpan.FromSeconds(20));
        Assert.Contains("belongs to namespace shop", await other.RegisterAsync("orders"), StringComparison.Ordinal);
        Assert.False(other.Handler.RegistrationEnded.Task.IsCompleted);
        _isForbidden = false;

        var (_, reason) = await other.Handler.RegistrationEnded.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Contains("endpoint free belongs to namespace shop", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatNeverCouldReadClaims_StartsAllTheSame_RegistersNothing_AndSaysWhatIsMissing()
    {
        _isForbidden = true;
        await using var port = await ServeAsync();
        await using var server = await StartAsync(port);
        await using var shop = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: _accounts.Token(Now, "shop"));

        Assert.Contains("not known yet", await shop.RegisterAsync("orders"), StringComparison.Ordinal);
        Assert.Contains(_log.Messages, m => m.Message.Contains("list and watch on picoendpoints", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Server_LearnsItsZone_ByItsOwnPod()
    {
        _api.Put("/api/v1/nodes/machine", """{"metadata": {"labels": {"topology.kubernetes.io/zone": "eu-1"}}}""");
        _api.Put("/api/v1/namespaces/pico/pods/node-1", """{"metadata": {"uid": "uid-1", "labels": {"app": "pico"}}, "spec": {"nodeName": "machine"}, "status": {"phase": "Running", "podIP": "127.0.0.1"}}""");
        await using var port = await ServeAsync();
        await using var server = await StartAsync(port);

        Assert.Equal("eu-1", (await server.StatusAsync(s => s.Nodes[0].Zone.Length > 0)).Nodes[0].Zone);
    }

    [Fact]
    public void OutsideOfAPod_NodesAreFoundByDnsAlone_ButServiceAccountsCannotBeKnown()
    {
        var settings = new ServerSettings();
        settings.Kubernetes.Selector = "app=pico";
        Assert.Null(KubernetesJoint.Join(settings, _log, TimeProvider.System));
        Assert.Null(settings.Server.Cluster.Discovery);
        Assert.Contains(_log.Messages, m => m.Message.Contains("by cluster.join alone", StringComparison.Ordinal));

        settings.Server.Upstream.Issuers = [new IssuerOptions { Name = "cluster", HasPlatformKeys = true, IsLocal = true }];
        var error = Assert.Throws<ServerStartException>(() => KubernetesJoint.Join(settings, NullLoggerFactory.Instance, TimeProvider.System));
        Assert.Contains("kube-config", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Issuers_OfTheFile_AreWhatFlagsWouldGive()
    {
        var file = _folder.Write("pico.yaml", $$"""
            upstream:
              auth:
                issuers:
                  - name: cluster
                    kubernetes-keys: true
                  - name: eu
                    jwks-file: {{_folder.Write("eu.jwks", _accounts.Jwks)}}
                    namespaces:
                      shop: [orders, "shop-*"]
                      "*": eu-*
            """);

        var (exitCode, output, _) = await CommandLine.RunAsync("server", "--config", file, "--print-config");

        var line = Assert.Single(output.Split('\n'), l => l.Contains("issuers:", StringComparison.Ordinal));
        var json = line.Split('\'')[1];
        Assert.Equal(0, exitCode);
        Assert.Contains("""{"name":"cluster","audience":"pico","kubernetes-keys":true}""", json, StringComparison.Ordinal);
        Assert.Contains("""namespaces":{"shop":["orders","shop-*"],"*":["eu-*"]}""", json, StringComparison.Ordinal);
        var (_, again, _) = await CommandLine.RunAsync("server", "--upstream.auth.issuers", json, "--print-config");
        Assert.Contains(json, again, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("- name: eu", "keys for each issuer")]
    [InlineData("- {name: eu, kubernetes-keys: true}\n      - {name: eu, kubernetes-keys: true}", "a name for each issuer")]
    [InlineData("- {name: eu, kubernetes-key: true}", "unknown key 'kubernetes-key'")]
    [InlineData("- {name: eu, kubernetes-keys: true, namespaces: {shop: [orders]}}", "either this cluster's")]
    [InlineData("- {name: eu, jwks-url: 'https://x.example/', namespaces: {shop: ['*-x']}}", "'*-x'")]
    [InlineData("- {name: eu, name: us}", "given twice")]
    [InlineData("- {name: eu, kubernetes-keys: true, issuer: [https://eu.example]}", "issuer is [\"https://eu.example\"]; it must be text")]
    [InlineData("- {name: eu, kubernetes-keys: true, audience: {a: b}}", "audience is {\"a\":\"b\"}; it must be text")]
    [InlineData("- eu", "objects")]
    public async Task Issuers_ThatAreWrong_AreRefusedWithWhatIsWrong(string issuers, string problem)
    {
        var file = _folder.Write("pico.yaml", $"upstream:\n  auth:\n    issuers:\n      {issuers}\n");

        var (exitCode, _, error) = await CommandLine.RunAsync("server", "--config", file, "--print-config");

        Assert.Equal(2, exitCode);
        Assert.Contains(problem, error, StringComparison.Ordinal);
        Assert.Contains("upstream.auth.issuers", error, StringComparison.Ordinal);
    }

    private Task<FakeApiPort> ServeAsync()
    {
        _api.Intercept = request => request.RequestUri!.AbsolutePath switch
        {
            "/openid/v1/jwks" => FakeApiServer.Json(System.Text.Json.Nodes.JsonNode.Parse(_accounts.Jwks)!.AsObject()),
            var path when _isForbidden && path.EndsWith("/picoendpoints", StringComparison.Ordinal) => FakeApiServer.Fail(HttpStatusCode.Forbidden, "may not list picoendpoints"),
            _ => null,
        };
        return FakeApiPort.StartAsync(_api);
    }

    private async Task<JoinedServer> StartAsync(FakeApiPort port)
    {
        var settings = new ServerSettings();
        settings.Kubernetes.ConfigFile = _folder.Write("kubeconfig", port.KubeConfig);
        settings.Kubernetes.Selector = "app=pico";
        settings.Kubernetes.PodUid = "uid-1";
        settings.Server.Upstream.Issuers = [new IssuerOptions { Name = "cluster", HasPlatformKeys = true, IsLocal = true }];
        var access = KubernetesJoint.Join(settings, _log, TimeProvider.System);
        var server = await TestServer.StartAsync(
            o =>
            {
                o.Upstream.Issuers = settings.Server.Upstream.Issuers;
                o.Upstream.Claims = settings.Server.Upstream.Claims;
                o.Upstream.PlatformKeys = settings.Server.Upstream.PlatformKeys;
                o.Cluster.Discovery = settings.Server.Cluster.Discovery;
                o.Cluster.BindAddress = "127.0.0.1:0";
            },
            _log);
        return new JoinedServer(server, access!);
    }

    private sealed class JoinedServer(TestServer server, IDisposable access) : IAsyncDisposable
    {
        public PicoServer Server => server.Server;

        public Task<Pico.Server.Admin.Status.ServerStatus> StatusAsync(Predicate<Pico.Server.Admin.Status.ServerStatus> wanted) => server.StatusAsync(wanted);

        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            access.Dispose();
        }
    }
}
