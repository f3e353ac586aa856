using System.Net.Sockets;
using System.Text;
using Pico.Server.Upstreams.Tunnels;
using Pico.Tests.Agent;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Upstreams;

public sealed class TunnelAcceptorTests
{
    [Fact]
    public async Task Agent_Registers_AndLeavesWhenItsTunnelEnds()
    {
        await using var server = await TestServer.StartAsync();
        await using (var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress))
        {
            Assert.Null(await agent.RegisterAsync("orders", EndpointProtocol.Http));
            Assert.Null(await agent.RegisterAsync("db"));

            var status = await server.StatusAsync();
            Assert.Equal([("db", "tcp"), ("orders", "http")], status.Endpoints.Select(e => (e.Id, e.Protocol)));
            var tunnel = Assert.Single(status.Tunnels);
            Assert.Equal(("agent-1", "test", "test/1"), (tunnel.AgentId, tunnel.AgentName, tunnel.Software));
            Assert.Equal(["db", "orders"], tunnel.Endpoints);
            Assert.Equal("open", Assert.Single(status.Endpoints[0].Upstreams).State);
        }

        var after = await server.StatusAsync(s => s.Tunnels.Count == 0);
        Assert.Empty(after.Endpoints);
    }

    [Fact]
    public async Task Register_OtherProtocolThanTheEndpointHas_IsRefusedUntilItIsFree()
    {
        await using var server = await TestServer.StartAsync();
        await using var first = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        await using var second = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        Assert.Null(await first.RegisterAsync("db"));

        Assert.Contains("tcp", await second.RegisterAsync("db", EndpointProtocol.Http), StringComparison.Ordinal);
        await first.Tunnel.DeregisterAsync(1, TestContext.Current.CancellationToken);
        Assert.Null(await second.RegisterAsync("db", EndpointProtocol.Http));
    }

    [Fact]
    public async Task Register_RefusedAgainAndAgain_IsToldAFewTimesASecond()
    {
        const int Times = 200;
        using var log = new RecordingLogger();
        await using var server = await TestServer.StartAsync(loggers: log);
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        var start = TimeProvider.System.GetTimestamp();

        for (var i = 0; i < Times; i++)
            Assert.NotNull(await agent.RegisterAsync("no endpoint ID"));

        var most = TunnelAdmission.RefusalsToldPerSecond * (int)(2 + TimeProvider.System.GetElapsedTime(start).TotalSeconds);
        Assert.True(most < Times, "The machine is too slow to tell.");
        Assert.InRange(log.Messages.Count(m => m.Message.Contains("may not register", StringComparison.Ordinal)), 1, most);
    }

    [Fact]
    public async Task Register_TwoAgents_GiveTheEndpointTwoUpstreams()
    {
        await using var server = await TestServer.StartAsync();
        await using var first = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        await using var second = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        Assert.Null(await first.RegisterAsync("db"));
        Assert.Null(await second.RegisterAsync("DB".ToLowerInvariant()));

        Assert.Equal(2, Assert.Single((await server.StatusAsync()).Endpoints).Upstreams.Count);
    }

    [Fact]
    public async Task Hello_AgentThatHoldsThisNode_IsADuplicateUnlessItAcceptsOne()
    {
        await using var server = await TestServer.StartAsync();
        var hello = new TunnelHello { Id = "agent-1", HeldNodes = ["node-0", "node-1"] };

        var refused = await Assert.ThrowsAsync<TunnelException>(() => TestAgent.ConnectAsync(server.Server.UpstreamAddress, hello));
        Assert.True(TunnelError.Duplicate == refused.Error, refused.ToString());

        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, hello with { AcceptsDuplicate = true });
        Assert.Equal("node-1", agent.Tunnel.Remote.Id);
    }

    [Fact]
    public async Task Hello_MoreTunnelsThanAllowed_IsSentElsewhere()
    {
        await using var server = await TestServer.StartAsync(o => o.Upstream.MaxTunnels = 1);
        await using var first = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        Assert.Null(await first.RegisterAsync("db"));

        var refused = await Assert.ThrowsAsync<TunnelException>(() => TestAgent.ConnectAsync(server.Server.UpstreamAddress));
        Assert.Equal(TunnelError.TooManyTunnels, refused.Error);
    }

    [Fact]
    public async Task GoAway_FromTheAgent_TakesItsUpstreamsOutAndKeepsTheTunnel()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        Assert.Null(await agent.RegisterAsync("db"));

        agent.Tunnel.GoAway(TunnelError.Draining, "the agent stops");

        var status = await server.StatusAsync(s => s.Endpoints.Count == 0);
        Assert.Single(status.Tunnels);
    }

    [Fact]
    public async Task Open_ByAnAgent_IsRefusedAndHarmsNothing()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);

        var refused = await Assert.ThrowsAsync<StreamException>(async () => await agent.Tunnel.OpenAsync(
            new StreamOpen { EndpointId = "db", Protocol = EndpointProtocol.Tcp }, TestContext.Current.CancellationToken));

        Assert.Equal(StreamError.ProtocolError, refused.Error);
        Assert.Null(await agent.RegisterAsync("db"));
    }

    [Theory]
    [InlineData("GET /pico/v1/tunnel", "", 426, "upgrade_required")]
    [InlineData("POST /pico/v1/tunnel", "", 405, "method_not_allowed")]
    [InlineData("GET /", "", 404, "not_found")]
    [InlineData("GET /pico/v1/tunnel/", "", 404, "not_found")]
    [InlineData(
        "GET /pico/v1/tunnel",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n",
        400,
        "bad_request")]
    public async Task Request_ThatIsNoTunnel_GetsAClearProblem(string request, string headers, int status, string code)
    {
        await using var server = await TestServer.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(server.Server.UpstreamAddress, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"{request} HTTP/1.1\r\nHost: pico\r\nContent-Length: 0\r\n{headers}\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var head = new StringBuilder();
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
            head.AppendLine(line);

        Assert.StartsWith($"HTTP/1.1 {status} ", head.ToString(), StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/problem+json", head.ToString(), StringComparison.Ordinal);
        Assert.Contains($"x-pico-error: {code}", head.ToString(), StringComparison.Ordinal);
    }
}
