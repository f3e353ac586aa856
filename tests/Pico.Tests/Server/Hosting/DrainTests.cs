using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Hosting;

public sealed class DrainTests
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Stop_RequestInFlight_IsFinishedBeforeTheTunnelsClose(string version)
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await AgentAsync(server);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        using var request = Request(server, Version.Parse(version));
        var response = http.SendAsync(request, TestContext.Current.CancellationToken);
        await _asked.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        var stopping = server.Server.StopAsync(TestContext.Current.CancellationToken);
        await agent.Handler.GoneAway.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal("draining", (await server.StatusAsync()).Nodes[0].State);
        Assert.False(stopping.IsCompleted);
        _answer.SetResult();

        using var answered = await response;
        Assert.Equal("hello", await answered.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(TunnelError.Draining, (await agent.Tunnel.Completion).Error);
    }

    [Fact]
    public async Task Stop_RequestThatNeverEnds_IsCutAfterTheGracePeriod()
    {
        await using var server = await TestServer.StartAsync(o => o.GracePeriod = TimeSpan.FromMilliseconds(500));
        await using var agent = await AgentAsync(server);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        using var request = Request(server, HttpVersion.Version11);
        var response = http.SendAsync(request, TestContext.Current.CancellationToken);
        await _asked.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        await server.Server.StopAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<HttpRequestException>(() => response);
    }

    [Fact]
    public async Task Stop_IdleKeptAliveConnection_IsClosedInAMoment()
    {
        await using var server = await TestServer.StartAsync();
        _answer.SetResult();
        await using var agent = await AgentAsync(server);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Server.ProxyAddress, TestContext.Current.CancellationToken);
        await AskAsync(client);
        using var reader = new StreamReader(client.GetStream());

        await server.Server.StopAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        Assert.DoesNotContain("HTTP/1.1", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_DrainDelay_StillServesNewConnections()
    {
        await using var server = await TestServer.StartAsync(o => o.DrainDelay = TimeSpan.FromSeconds(15));
        _answer.SetResult();
        await using var agent = await AgentAsync(server);
        using var hurry = new CancellationTokenSource();
        var stopping = server.Server.StopAsync(hurry.Token);
        using (var ready = await server.AdminAsync("/ready"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);

        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        using var request = Request(server, HttpVersion.Version11);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await hurry.CancelAsync();
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stop_WhileClientsStillConnect_ClosesThePortAfterThreeDelays()
    {
        await using var server = await TestServer.StartAsync(o => o.DrainDelay = TimeSpan.FromSeconds(1));
        _answer.SetResult();
        await using var agent = await AgentAsync(server);
        var start = TimeProvider.System.GetTimestamp();
        var stopping = server.Server.StopAsync(TestContext.Current.CancellationToken);

        var last = TimeSpan.Zero;
        while (await IsAnsweredAsync(server))
            last = TimeProvider.System.GetElapsedTime(start);

        Assert.InRange(last, TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(20));
        await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stop_WhileClientsStillAskOnConnectionsThatTheyKept_ClosesNone()
    {
        await using var server = await TestServer.StartAsync(o => o.DrainDelay = TimeSpan.FromSeconds(1));
        _answer.SetResult();
        await using var agent = await AgentAsync(server);
        var kept = new List<TcpClient>();
        for (var i = 0; i < 8; i++)
        {
            var client = new TcpClient();
            kept.Add(client);
            await client.ConnectAsync(server.Server.ProxyAddress, TestContext.Current.CancellationToken);
            Assert.DoesNotContain("Connection: close", await AskAsync(client), StringComparison.OrdinalIgnoreCase);
        }

        var stopping = server.Server.StopAsync(TestContext.Current.CancellationToken);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        foreach (var client in kept)
        {
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            Assert.Contains("Connection: close", await AskAsync(client), StringComparison.OrdinalIgnoreCase);
        }

        await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        kept.ForEach(client => client.Dispose());
    }

    private static async Task<string> AskAsync(TcpClient client)
    {
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: orders.test\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        var answer = Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken));
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        return answer;
    }

    private static async Task<bool> IsAnsweredAsync(TestServer server)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        using var request = Request(server, HttpVersion.Version11);
        try
        {
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static HttpRequestMessage Request(TestServer server, Version version) =>
        new(HttpMethod.Get, $"http://{server.Server.ProxyAddress}/")
        {
            Headers = { Host = "orders.test" },
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

    private async Task<TestAgent> AgentAsync(TestServer server)
    {
        var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestService.Answering("hello", () =>
        {
            _asked.TrySetResult();
            return _answer.Task;
        }));
        Assert.Null(await agent.RegisterAsync("orders", EndpointProtocol.Http));
        return agent;
    }
}
