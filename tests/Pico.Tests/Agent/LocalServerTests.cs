using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Pico.Agent;

namespace Pico.Tests.Agent;

/// <summary>The agent's own port, by a client that is not ours.</summary>
public sealed class LocalServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Pages_TellHowTheAgentIs()
    {
        await using var node = new TestNode { Judge = r => r.EndpointId == "bad" ? "not yours" : null };
        using var service = new TestService();
        await using var agent = Start(node, service, "good", "bad");
        await agent.Agent.WhenReady.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        using var http = Client(agent);

        Assert.Equal("ok\n", await http.GetStringAsync("/health", TestContext.Current.CancellationToken));
        Assert.Equal("ready\n", await http.GetStringAsync("/ready?verbose", TestContext.Current.CancellationToken));
        var metrics = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("\n# TYPE pico_agent_tunnels gauge\npico_agent_tunnels 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\npico_agent_registrations 1\n", metrics, StringComparison.Ordinal);
        using var status = JsonDocument.Parse(await http.GetStringAsync("/status", TestContext.Current.CancellationToken));
        var tunnel = Assert.Single(status.RootElement.GetProperty("tunnels").EnumerateArray());
        Assert.Equal("node-1", tunnel.GetProperty("node").GetString());
        Assert.Equal("not yours", tunnel.GetProperty("refused").GetProperty("bad").GetString());
        Assert.Equal(["bad", "good"], status.RootElement.GetProperty("endpoints").EnumerateArray().Select(e => e.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Readiness_GoesAwayWhileDraining()
    {
        await using var node = new TestNode();
        using var service = new TestService();
        await using var agent = Start(node, service, "good");
        using var http = Client(agent);
        using var soon = new CancellationTokenSource(Patience, TimeProvider.System);
        await agent.Agent.WhenReady.WaitAsync(soon.Token);
        var (tunnel, handler) = await node.NextTunnelAsync(soon.Token);
        var registration = await handler.Registered.Reader.ReadAsync(soon.Token);
        await using var stream = await tunnel.OpenAsync(new() { RegistrationId = registration.Id, Protocol = registration.Protocol }, soon.Token);

        var stopped = agent.StopAsync();
        using var answer = await http.GetAsync("/ready", soon.Token);
        using var health = await http.GetAsync("/health", soon.Token);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (answer.StatusCode, health.StatusCode));
        stream.Abort(Pico.Tunnel.Protocol.StreamError.Cancelled);
        await stopped.WaitAsync(soon.Token);
    }

    [Theory]
    [InlineData("GET /nothing HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ")]
    [InlineData("POST /health HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 400 ")]
    public async Task OtherRequests_AreRefused(string request, string expected)
    {
        await using var node = new TestNode();
        using var service = new TestService();
        await using var agent = Start(node, service);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(agent.Agent.LocalAddress!, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        var answer = new byte[1024];

        var length = await socket.ReceiveAsync(answer, TestContext.Current.CancellationToken);

        Assert.StartsWith(expected, Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
    }

    private static RunningAgent Start(TestNode node, TestService service, params string[] endpoints) => new(new AgentOptions
    {
        Servers = [node.Url],
        Connections = 1,
        GracePeriod = TimeSpan.FromSeconds(10),
        Endpoints = [.. endpoints.Select(service.Spec)],
        BindAddress = "127.0.0.1:0",
    });

    private static HttpClient Client(RunningAgent agent) => new() { BaseAddress = new Uri($"http://{agent.Agent.LocalAddress}") };
}
