using System.Net;
using System.Net.WebSockets;
using Pico.Server.Hosting;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Auth;

/// <summary>Tokens where they are asked for: agents on the upstream port, operators on the admin port.</summary>
public sealed class TokensOnPortsTests
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Agent_WithoutAGoodToken_GetsNoTunnel()
    {
        await using var server = await TestServer.StartAsync(o => o.Upstream.Auth.Secret = TokenMint.Secret);
        await Assert.ThrowsAsync<WebSocketException>(() => TestAgent.ConnectAsync(server.Server.UpstreamAddress));
        await Assert.ThrowsAsync<WebSocketException>(() => TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: "nonsense"));

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", TokenMint.Create("HS256", Now, lifetime: TimeSpan.FromHours(-1), validAfter: TimeSpan.FromHours(-2)));
        using var expired = await http.GetAsync($"http://{server.Server.UpstreamAddress}/pico/v1/tunnel", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, expired.StatusCode);
        Assert.Equal("token_expired", Assert.Single(expired.Headers.GetValues("x-pico-error")));
        Assert.Contains("Bearer", expired.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Empty((await server.StatusAsync()).Tunnels);
    }

    [Fact]
    public async Task Agent_RegistersOnlyWhatItsTokenPermits_AndKeepsTheRest()
    {
        await using var server = await TestServer.StartAsync(o => o.Upstream.Auth.PublicKey = TokenMint.PublicKeys);
        var token = TokenMint.Create("ES384", Now, new { endpoints = new[] { "orders", "team-a-*" } });
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: token);

        Assert.Null(await agent.RegisterAsync("orders"));
        Assert.Contains("endpoint_not_permitted", await agent.RegisterAsync("payments"), StringComparison.Ordinal);
        Assert.Null(await agent.RegisterAsync("team-a-shop"));
        Assert.Equal(["orders", "team-a-shop"], (await server.StatusAsync()).Endpoints.Select(e => e.Id));
    }

    [Fact]
    public async Task Tunnel_WhoseTokenExpires_IsToldToGoAndFinishesWhatRuns()
    {
        await using var server = await TestServer.StartAsync(o =>
        {
            o.Upstream.Auth.Secret = TokenMint.Secret;
            o.Upstream.Auth.ClockSkew = TimeSpan.Zero;
        });
        // A JWT's times are whole seconds.
        await using var agent = await TestAgent.ConnectAsync(
            server.Server.UpstreamAddress, serve: TestAgent.EchoAsync, token: TokenMint.Create("HS512", Now, lifetime: TimeSpan.FromSeconds(3)));
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await TestAgent.ConnectAsync(server.Server.ProxyAddress, path: "/pico/v1/forward");
        await using var stream = await client.Tunnel.OpenAsync(new StreamOpen { EndpointId = "db", Protocol = EndpointProtocol.Tcp }, TestContext.Current.CancellationToken);

        var (reason, _) = await agent.Handler.GoneAway.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal(TunnelError.TokenExpired, reason);

        // The stream that was open still works, and the tunnel ends when it does.
        await stream.WriteAsync("ping"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = await stream.Input.ReadAtLeastAsync(4, TestContext.Current.CancellationToken);
        Assert.Equal(4, answer.Buffer.Length);
        stream.Input.AdvanceTo(answer.Buffer.End);
        Assert.False(agent.Tunnel.Completion.IsCompleted);
        stream.CompleteOutput();
        await agent.Tunnel.DeregisterAsync(1, TestContext.Current.CancellationToken);
        Assert.Equal(TunnelError.TokenExpired, (await agent.Tunnel.Completion.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken)).Error);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Agent_WhoseTokenLimitsIt_GetsNoMoreThanThat(string version)
    {
        await using var server = await TestServer.StartAsync(o => o.Upstream.Auth.Secret = TokenMint.Secret);
        var release = new TaskCompletionSource();
        await using var slow = await TestAgent.ConnectAsync(
            server.Server.UpstreamAddress, serve: TestService.Answering("ok", () => release.Task), token: TokenMint.Create("HS256", Now, new { maxStreams = 1 }));
        Assert.Null(await slow.RegisterAsync("slow", EndpointProtocol.Http));
        await using var often = await TestAgent.ConnectAsync(
            server.Server.UpstreamAddress, serve: TestService.Answering("ok"), token: TokenMint.Create("HS256", Now, new { rateLimit = 2 }));
        Assert.Null(await often.RegisterAsync("often", EndpointProtocol.Http));
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Server.ProxyAddress}"), DefaultRequestVersion = new Version(version), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        var first = AskAsync(http, "slow");
        await server.StatusAsync(s => s.Endpoints.Single(e => e.Id == "slow").Upstreams[0].Outstanding == 1);
        Assert.Equal((503, "overloaded"), await AskAsync(http, "slow"));
        release.SetResult();
        Assert.Equal((200, ""), await first);
        await server.StatusAsync(s => s.Endpoints.Single(e => e.Id == "slow").Upstreams[0].Outstanding == 0);
        Assert.Equal((200, ""), await AskAsync(http, "slow"));

        var answers = new List<(int, string)>();
        for (var i = 0; i < 50 && !answers.Contains((429, "rate_limited")); i++)
            answers.Add(await AskAsync(http, "often"));
        Assert.Equal([(200, ""), (200, "")], answers.Take(2));
        Assert.Contains((429, "rate_limited"), answers);
    }

    [Fact]
    public async Task Admin_WithKeys_AsksForATokenButNotOfProbes()
    {
        await using var server = await TestServer.StartAsync(o => o.Admin.Auth.Secret = TokenMint.Secret);
        foreach (var (path, status) in new[] { ("/health", HttpStatusCode.OK), ("/ready", HttpStatusCode.OK), ("/status", HttpStatusCode.Unauthorized), ("/metrics", HttpStatusCode.Unauthorized) })
        {
            using var response = await server.AdminAsync(path);
            Assert.Equal(status, response.StatusCode);
        }

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", TokenMint.Create("HS256", Now));
        using var allowed = await http.GetAsync($"http://{server.Server.AdminAddress}/status", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
    }

    [Fact]
    public async Task Start_WithAWrongKey_SaysWhichOption()
    {
        var weak = TestServer.Options();
        weak.Upstream.Auth.Secret = "too short";
        weak.Admin.Auth.PublicKey = "no PEM";
        var errors = Assert.Throws<InvalidOptionsException>(() => new PicoServer(weak)).Errors;
        Assert.Equal(["upstream.auth.secret", "admin.auth.public-key"], errors.Select(e => e.Key));
        Assert.DoesNotContain("too short", string.Join("\n", errors), StringComparison.Ordinal);

        var missing = TestServer.Options();
        missing.Upstream.Auth.JwksFile = "/nonexistent/jwks.json";
        await using var server = new PicoServer(missing);
        var start = await Assert.ThrowsAsync<ServerStartException>(() => server.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("upstream.auth.jwks-file", start.Message, StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Code)> AskAsync(HttpClient http, string endpoint)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy, Headers = { Host = endpoint + ".example.com" } };
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, response.Headers.TryGetValues("x-pico-error", out var codes) ? codes.Single() : "");
    }
}
