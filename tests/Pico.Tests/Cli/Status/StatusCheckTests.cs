using System.Net;
using System.Net.Sockets;
using Pico.Server.Hosting;
using Pico.Tests.Server;
using Pico.Tests.Server.Auth;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Cli.Status;

/// <summary><c>pico status check</c> names the step of a request's way that is broken, in set-ups that are broken in one way each.</summary>
public sealed class StatusCheckTests
{
    [Fact]
    public async Task Check_OfAWayThatWorks_FindsEveryStepGood()
    {
        await using var set = await SetUp.StartAsync(TestService.Answering("hello"));

        var (exitCode, output, error) = await set.CheckAsync();

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(["address", "connection", "node", "route", "tunnel", "service"], Steps(output));
        Assert.DoesNotContain("FAILED", output, StringComparison.Ordinal);
        Assert.Matches("service +GET / got 200", output);
    }

    [Fact]
    public async Task Check_OfAServerThatDoesNotRun_FailsAtTheConnection()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        var address = port.LocalEndpoint;
        port.Stop();

        Broken(await CommandLine.RunAsync("status", "check", "web", "--proxy", $"http://{address}", "--server", $"http://{address}"), "connection", "Start the server");
    }

    [Fact]
    public async Task Check_OfANameThatNobodyKnows_FailsAtTheAddress() =>
        Broken(await CommandLine.RunAsync("status", "check", "web", "--proxy", "http://no-such-host.invalid:8000"), "address", "Correct --proxy");

    [Fact]
    public async Task Check_ThroughTheWrongPort_FailsAtTheProxyPort()
    {
        await using var set = await SetUp.StartAsync(TestService.Answering("hello"));

        Broken(await set.CheckAsync("--proxy", $"http://{set.Server.AdminAddress}"), "proxy port", "proxy.bind-addr");
    }

    [Fact]
    public async Task Check_WithTlsToAPortWithoutIt_FailsAtTls()
    {
        await using var set = await SetUp.StartAsync(TestService.Answering("hello"));

        Broken(await set.CheckAsync("--proxy", $"https://{set.Server.ProxyAddress}"), "TLS", "begin --proxy with http://");
    }

    [Fact]
    public async Task Check_WithoutTheAdminPort_FailsThere()
    {
        await using var set = await SetUp.StartAsync(TestService.Answering("hello"), o => o.Admin.Auth.Secret = TokenMint.Secret);

        Broken(await set.CheckAsync(), "admin port", "give --token-file");
    }

    [Fact]
    public async Task Check_OfANodeThatDrains_FailsAtTheNode()
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var set = await SetUp.StartAsync(TestService.Answering("hello", () =>
        {
            asked.TrySetResult();
            return answer.Task;
        }));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{set.Server.ProxyAddress}/") { Headers = { { "x-pico-endpoint", "web" } } };
        var running = http.SendAsync(request, TestContext.Current.CancellationToken);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        var stopping = set.Server.StopAsync(TestContext.Current.CancellationToken);
        await set.Agent.Handler.GoneAway.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        // A node that drains listens no longer: clients meet another one, which they ask about this.
        await using var door = await TestServer.StartAsync();
        var result = await set.CheckAsync("--proxy", $"http://{door.Server.ProxyAddress}");
        answer.SetResult();
        using var answered = await running;
        await stopping;

        Broken(result, "node", "about to stop");
    }

    [Fact]
    public async Task Check_OfAnEndpointThatNeverWas_FailsAtTheRoute()
    {
        await using var set = await SetUp.StartAsync(TestService.Answering("hello"));

        Broken(await set.CheckOfAsync("wbe"), "route", "See the spelling");
    }

    [Fact]
    public async Task Check_OfAnAgentThatHasGone_FailsAtTheRouteAndSaysSinceWhen()
    {
        await using var set = await SetUp.StartAsync(TestService.Answering("hello"));
        await set.Agent.DisposeAsync();
        await set.Test.StatusAsync(s => s.Endpoints.Count == 0);

        var result = await set.CheckAsync();

        Broken(result, "route", "Its agent has gone");
        Assert.Contains("nobody has listened on web since 2", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAnEndpointThatItsAgentMayNotServe_SaysThatItWasRefused()
    {
        await using var server = await TestServer.StartAsync(o => o.Upstream.Auth.Secret = TokenMint.Secret);
        await using var agent = await TestAgent.ConnectAsync(
            server.Server.UpstreamAddress, token: TokenMint.Create("HS256", TimeProvider.System.GetUtcNow(), new { endpoints = new[] { "orders" } }));
        Assert.NotNull(await agent.RegisterAsync("web", EndpointProtocol.Http));

        Broken(
            await CommandLine.RunAsync("status", "check", "web", "--proxy", $"http://{server.Server.ProxyAddress}", "--server", $"http://{server.Server.AdminAddress}"),
            "route", "correct what it was refused for");
    }

    [Theory]
    [InlineData(StreamError.ServiceUnreachable, "service", "Check that the service runs")]
    [InlineData(StreamError.UnknownEndpoint, "tunnel", "No agent has registered the endpoint")]
    public async Task Check_OfAServiceThatTheAgentCannotReach_FailsThere(StreamError error, string step, string advice)
    {
        await using var set = await SetUp.StartAsync(_ => Task.CompletedTask);
        set.Agent.Handler.AutoAccept = false;
        using var done = new CancellationTokenSource();
        var refusing = RefuseAsync(set.Agent, error, done.Token);

        var result = await set.CheckAsync();

        await done.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => refusing);
        Broken(result, step, advice);
    }

    [Fact]
    public async Task Check_OfAServiceThatNeverAnswers_FailsAtTheService()
    {
        await using var set = await SetUp.StartAsync(stream => TestService.ReadHeadAsync(stream));

        Broken(await set.CheckAsync("--timeout", "500ms"), "service", "does not answer: see its log");
    }

    [Fact]
    public async Task Check_OfAServiceThatTheServerGivesUp_FailsAtTheService()
    {
        await using var set = await SetUp.StartAsync(async stream => await stream.Input.ReadAsync(), o => o.Proxy.ResponseHeadTimeout = TimeSpan.FromMilliseconds(200));

        Broken(await set.CheckAsync(), "service", "sent no response head");
    }

    [Fact]
    public async Task Check_OfAServiceThatSpeaksNoHttp_FailsAtTheProtocol()
    {
        await using var set = await SetUp.StartAsync(async stream =>
        {
            await stream.WriteAsync("SSH-2.0-OpenSSH_9.6\r\n\r\n"u8.ToArray());
            stream.CompleteOutput();
        });

        Broken(await set.CheckAsync(), "protocol", "the endpoint's protocol is the one that the service speaks");
    }

    [Fact]
    public async Task Check_WithoutATokenThatIsNeeded_FailsAtTheToken()
    {
        await using var set = await SetUp.StartAsync(TestService.Answering("hello"), o => o.Proxy.Auth.Secret = TokenMint.Secret);

        Broken(await set.CheckAsync(), "token", "--client-token-file");
    }

    [Theory]
    [InlineData(true, "token", "has expired: get another one")]
    [InlineData(false, "permission", "does not name this endpoint")]
    public async Task Check_WithATokenThatIsNotGoodForIt_SaysWhy(bool hasExpired, string step, string advice)
    {
        await using var set = await SetUp.StartAsync(TestService.Answering("hello"), o => o.Proxy.Auth.Secret = TokenMint.Secret);
        using var folder = new TestFolder();
        var file = Path.Combine(folder.Path, "token");
        var now = TimeProvider.System.GetUtcNow();
        await File.WriteAllTextAsync(
            file,
            hasExpired ? TokenMint.Create("HS256", now, lifetime: TimeSpan.FromHours(-1), validAfter: TimeSpan.FromHours(-2)) : TokenMint.Create("HS256", now, new { endpoints = new[] { "orders" } }),
            TestContext.Current.CancellationToken);

        Broken(await set.CheckAsync("--client-token-file", file), step, advice);
    }

    [Fact]
    public async Task Check_OfATcpEndpoint_GoesAsFarAsTheTunnel()
    {
        await using var set = await SetUp.StartAsync(TestAgent.EchoAsync);
        await set.Agent.RegisterAsync("db");

        var (exitCode, output, _) = await set.CheckOfAsync("db");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"\? +service +not asked", output);
        Assert.Contains("pico forward PORT db", output, StringComparison.Ordinal);
    }

    private static async Task RefuseAsync(TestAgent agent, StreamError error, CancellationToken stop)
    {
        while (true)
        {
            var (stream, _) = await agent.Handler.Opened.Reader.ReadAsync(stop);
            stream.Refuse(error, "as the test wants");
        }
    }

    private static void Broken((int ExitCode, string Out, string Error) result, string step, string advice)
    {
        var (exitCode, output, error) = result;
        Assert.Equal(1, exitCode);
        Assert.Equal(step, Steps(output)[^1]);
        Assert.Single(output.Split('\n'), line => line.StartsWith("FAILED", StringComparison.Ordinal));
        Assert.Contains($"the step '{step}' fails", error, StringComparison.Ordinal);
        Assert.Contains(advice, output, StringComparison.Ordinal);
    }

    private static string[] Steps(string output) =>
        [.. output.Split('\n').Where(l => l.Length > 8 && l[0] != ' ').Select(l => l[8..].Split("  ")[0].Trim())];

    /// <summary>A server, and an agent that serves the endpoint <c>web</c>.</summary>
    private sealed class SetUp(TestServer test, TestAgent agent) : IAsyncDisposable
    {
        public TestServer Test => test;

        public PicoServer Server => test.Server;

        public TestAgent Agent => agent;

        public static async Task<SetUp> StartAsync(Func<TunnelStream, Task> serve, Action<ServerOptions>? configure = null)
        {
            var server = await TestServer.StartAsync(configure);
            var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: serve);
            Assert.Null(await agent.RegisterAsync("web", EndpointProtocol.Http));
            return new SetUp(server, agent);
        }

        public Task<(int ExitCode, string Out, string Error)> CheckAsync(params string[] options) => CheckOfAsync("web", options);

        public Task<(int ExitCode, string Out, string Error)> CheckOfAsync(string id, params string[] options) => CommandLine.RunAsync(
            ["status", "check", id, "--server", $"http://{Server.AdminAddress}", .. options.Contains("--proxy") ? [] : new[] { "--proxy", $"http://{Server.ProxyAddress}" }, .. options]);

        public async ValueTask DisposeAsync()
        {
            await agent.DisposeAsync();
            await test.DisposeAsync();
        }
    }
}
