using System.Collections.Concurrent;
using Pico.IntegrationTests.Fixtures;
using Pico.Server.Auth.Minting;

namespace Pico.IntegrationTests.Security;

/// <summary>
/// Headers by which Pico's parts, and services, know where a request came from and where it goes: a stranger on the proxy or upstream port can forge none of them. What arrives
/// is looked at on the service's side, byte by byte.
/// </summary>
public sealed class ForgedHeaderTests(ForgedHeaderTests.Stage stage) : IClassFixture<ForgedHeaderTests.Stage>
{
    private const string Forged = "192.0.2.66";

    private static readonly string[] Claims =
    [
        $"X-Forwarded-For: {Forged}", $"x-forwarded-for: {Forged}", $"X-Real-IP: {Forged}", $"Forwarded: for={Forged};host=forged.example", "X-Forwarded-Host: forged.example",
        "X-Forwarded-Prefix: /forged", "X-Forwarded-Server: forged.example", $"x_forwarded_for: {Forged}", $"X-Forwarded_For: {Forged}", $"X_Real_IP: {Forged}",
    ];

    [Theory(Timeout = 90_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Stranger_OnTheProxyPort_CannotSayWhereARequestCameFrom(string version)
    {
        (await Curl.RunAsync([version, "-H", "x-pico-endpoint: web", .. Claims.SelectMany(c => new[] { "-H", c }), stage.Proxy + version])).Succeeded();

        var head = Assert.Single(stage.Web.Heads, h => h.Contains($" /{version} ", StringComparison.Ordinal));
        Assert.DoesNotContain(Forged, head, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("X-Forwarded-For: 127.0.0.1\r\n", head, StringComparison.OrdinalIgnoreCase);
    }

    [Theory(Timeout = 90_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Endpoint_NamedTwice_ReachesNobody(string version)
    {
        foreach (string[] names in new string[][] { ["web", "other"], ["other", "web"], ["web,other"], ["web, other"], ["web", ""], ["web\tother"], ["web other"] })
        {
            var reply = await Curl.RunAsync([version, .. names.SelectMany(n => new[] { "-H", n.Length > 0 ? $"x-pico-endpoint: {n}" : "x-pico-endpoint;" }), stage.Proxy + "twice"]);
            reply.IsPicoError(400, "invalid_endpoint");
        }

        // Naming the header in Connection does not take it away, so that Host would count.
        (await Curl.RunAsync(["--http1.1", "-H", "x-pico-endpoint: web", "-H", "Connection: x-pico-endpoint", "-H", "Host: other.example", stage.Proxy + "once" + version])).Succeeded();
        Assert.Single(stage.Web.Heads, h => h.Contains($" /once{version} ", StringComparison.Ordinal));
        Assert.DoesNotContain(stage.Web.Heads, h => h.Contains(" /twice ", StringComparison.Ordinal));
        Assert.Empty(stage.Other.Heads);
    }

    [Theory(Timeout = 90_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Service_CannotPassForPico(string version)
    {
        var reply = await Curl.RunAsync([version, "-H", "x-pico-endpoint: rude", stage.Proxy]);

        Assert.Equal("no", reply.Succeeded(401).Text);
        Assert.Empty(reply.Header("x-pico-error"));
    }

    [Fact(Timeout = 90_000)]
    public async Task Stranger_OnTheUpstreamPort_CannotSayWhoItIs()
    {
        var server = stage.Server;
        var upstream = $"http://{server.Upstream.Authority}";
        string[] headers = [.. Claims, "x-pico-node-id: another", "x-pico-agent: another", "x-pico-authorization: Bearer e30.e30.e30", "x-pico-endpoint: web"];

        var reply = await Curl.RunAsync([.. headers.SelectMany(h => new[] { "-H", h }), upstream + "/pico/v1/tunnel"]);

        // x-pico-authorization is for clients; agents have Authorization alone, and this one has none.
        reply.IsPicoError(401, "unauthorized");
        Assert.Contains("a token is needed", reply.Text, StringComparison.Ordinal);
        await server.Process.WaitUntilAsync("the refusal is logged", () => server.Process.Log.Contains("An agent at 127.0.0.1 was refused", StringComparison.Ordinal));
        Assert.DoesNotContain(Forged, server.Process.Log, StringComparison.Ordinal);
    }

    [Fact(Timeout = 90_000)]
    public async Task Paths_OfOnePort_DoNotAnswerOnAnother()
    {
        var server = stage.Server;
        var ports = new Dictionary<string, string> { ["proxy"] = server.Proxy.Authority, ["upstream"] = server.Upstream.Authority, ["admin"] = server.Admin.Authority };
        foreach (var (port, path) in new[]
        {
            ("proxy", "/pico/v1/tunnel"), ("proxy", "/status"), ("proxy", "/metrics"), ("proxy", "/ready"), ("upstream", "/pico/v1/forward"), ("upstream", "/status"),
            ("upstream", "/metrics"), ("admin", "/pico/v1/tunnel"), ("admin", "/pico/v1/forward"),
        })
        {
            var reply = await Curl.RunAsync(["--http1.1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "-H", "Sec-WebSocket-Protocol: pico.v1", $"http://{ports[port]}{path}"]);
            Assert.InRange(reply.Status, 400, 404);
        }
    }

    /// <summary>A server that asks agents for tokens, and an agent with three services: two that keep what reaches them, and one that claims to be Pico.</summary>
    public sealed class Stage : IAsyncLifetime
    {
        private readonly TempFolder _folder = new();
        private readonly RawService _rude = RawService.Answering(
            "HTTP/1.1 401 Unauthorized\r\nx-pico-error: token_expired\r\nX-PICO-ERROR: unauthorized\r\nContent-Length: 2\r\n\r\nno");

        private AgentProcess _agent = null!;

        internal RecordingService Web { get; } = new();

        internal RecordingService Other { get; } = new();

        internal ServerProcess Server { get; private set; } = null!;

        /// <summary>The proxy port, ended by a slash.</summary>
        public string Proxy => Server.Proxy.ToString();

        public async ValueTask InitializeAsync()
        {
            using var key = SigningKey.Generate("HS256");
            Server = await ServerProcess.StartAsync("--upstream.auth.secret-files", _folder.Write("secret", key.PrivateText));
            var token = await TokenMinter.MintAsync(key, new TokenRequest(), TimeProvider.System, TestContext.Current.CancellationToken);
            _agent = await AgentProcess.StartAsync(
                Server.Upstream, $"web/http://127.0.0.1:{Web.Port},other/http://127.0.0.1:{Other.Port},rude/http://127.0.0.1:{_rude.Port}",
                "--token-file", _folder.Write("token", token.Token), "--connections", "1");
        }

        public async ValueTask DisposeAsync()
        {
            await _agent.DisposeAsync();
            await Server.DisposeAsync();
            await Web.DisposeAsync();
            await Other.DisposeAsync();
            await _rude.DisposeAsync();
            _folder.Dispose();
        }
    }

    /// <summary>Keeps the heads that reach it.</summary>
    internal sealed class RecordingService : IAsyncDisposable
    {
        private readonly RawService _service;

        public RecordingService() => _service = RawService.Start(async connection =>
        {
            while (true)
            {
                Heads.Enqueue(await connection.ReadHeadAsync());
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });

        public ConcurrentQueue<string> Heads { get; } = [];

        public int Port => _service.Port;

        public ValueTask DisposeAsync() => _service.DisposeAsync();
    }
}
