using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.Server.Hosting;
using Pico.Tests.Server.Auth;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Limits;

/// <summary>The limits of the upstream port, on a real one.</summary>
public sealed class UpstreamLimitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Token_WithAllItsTunnels_GetsNoOther_AndOtherTokensDo()
    {
        await using var server = await StartAsync(o =>
        {
            o.Upstream.Auth.Secret = TokenMint.Secret;
            o.Upstream.Limits.TunnelsPerToken = 1;
        });
        var now = TimeProvider.System.GetUtcNow();
        var (one, renewed, other) = (
            TokenMint.Create("HS256", now, issuer: "one"), TokenMint.Create("HS512", now, issuer: "one"), TokenMint.Create("HS256", now, issuer: "other"));
        var first = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: one);
        Assert.Null(await first.RegisterAsync("db"));

        var refused = await Assert.ThrowsAsync<TunnelException>(() => TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: renewed));
        Assert.Equal(TunnelError.TooManyTunnels, refused.Error);
        await using var second = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: other);
        await first.DisposeAsync();
        await server.StatusAsync(s => s.Tunnels.Count == 1);
        await using var third = await ConnectSoonAsync(server, renewed);

        Assert.Null(await third.RegisterAsync("db"));
        Assert.Equal(1, await HitsAsync(server, "upstream.max-tunnels-per-token"));
    }

    [Fact]
    public async Task Tunnel_WithAllItsEndpoints_IsRefusedOneMore_UntilItWithdrawsOne()
    {
        await using var server = await StartAsync(o => o.Upstream.Limits.EndpointsPerTunnel = 2);
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        Assert.Null(await agent.RegisterAsync("one"));
        Assert.Null(await agent.RegisterAsync("two"));

        Assert.Contains("2 endpoints", await agent.RegisterAsync("three"), StringComparison.Ordinal);
        await agent.Tunnel.DeregisterAsync(1, Cancel);
        Assert.Null(await agent.RegisterAsync("four"));

        Assert.Equal(["four", "two"], (await server.StatusAsync()).Endpoints.Select(e => e.Id));
    }

    [Fact]
    public async Task Tunnel_MayHaveMoreEndpointsThanTheProtocolsDefault()
    {
        await using var server = await StartAsync(o => o.Upstream.Limits.EndpointsPerTunnel = 0);
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);

        for (var i = 0; i <= TunnelOptions.Default.MaxRegistrations; i++)
            Assert.Null(await agent.RegisterAsync($"e-{i}"));
    }

    [Fact]
    public async Task Tunnel_WithAllItsStreams_GetsNoOther_AndIsNotLeftOut()
    {
        await using var server = await StartAsync(o => o.Upstream.Limits.StreamsPerTunnel = 1);
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await TestAgent.ConnectAsync(server.Server.ProxyAddress, path: "/pico/v1/forward");
        var stream = await OpenAsync(client);

        Assert.Equal(StreamError.TooManyStreams, (await Assert.ThrowsAsync<StreamException>(() => OpenAsync(client))).Error);
        await stream.DisposeAsync();
        await WhenAsync(() => agent.Tunnel.StreamCount == 0);

        await using var next = await OpenAsync(client);
        Assert.Equal("open", Assert.Single(Assert.Single((await server.StatusAsync()).Endpoints).Upstreams).State);
    }

    [Fact]
    public async Task Endpoint_WithAllItsStreamsInFlight_RefusesForwardClients()
    {
        await using var server = await StartAsync(o => o.Proxy.Limits.RequestsPerEndpoint = 1);
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await agent.RegisterAsync("db"));
        Assert.Null(await agent.RegisterAsync("other"));
        await using var client = await TestAgent.ConnectAsync(server.Server.ProxyAddress, path: "/pico/v1/forward");
        var stream = await OpenAsync(client);

        Assert.Equal(StreamError.TooManyStreams, (await Assert.ThrowsAsync<StreamException>(() => OpenAsync(client))).Error);
        await using var other = await OpenAsync(client, "other");
        await stream.DisposeAsync();
        await WhenAsync(() => agent.Tunnel.StreamCount == 1);

        await using var next = await OpenSoonAsync(client);
    }

    [Fact]
    public async Task Connection_ThatBecomesNoTunnelInTime_IsCut_AndTunnelsAreNot()
    {
        await using var server = await StartAsync(o => o.Upstream.Limits.HandshakeTimeout = TimeSpan.FromMilliseconds(500));
        await using var agent = await ConnectSoonAsync(server, null);
        using var silent = await ConnectAsync(server.Server.UpstreamAddress);
        using var slow = await ConnectAsync(server.Server.UpstreamAddress);
        await slow.GetStream().WriteAsync("GET /pico/v1/tunnel HTTP/1.1\r\nHost: x\r\nX:"u8.ToArray(), Cancel);
        using var idle = await ConnectAsync(server.Server.UpstreamAddress);
        await idle.GetStream().WriteAsync("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Cancel);

        await EndsAsync(silent);
        await EndsAsync(slow);
        await EndsAsync(idle);

        Assert.Null(await agent.RegisterAsync("db"));
        Assert.InRange(await HitsAsync(server, "upstream.handshake-timeout"), 3, int.MaxValue);
    }

    [Fact]
    public async Task Address_WithAllItsHandshakes_GetsNoOther_UntilOneEnds()
    {
        await using var server = await StartAsync(o => o.Upstream.Limits.HandshakesPerClient = 2);
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        var one = await ConnectAndAskAsync(server.Server.UpstreamAddress);
        using var two = await ConnectAndAskAsync(server.Server.UpstreamAddress);

        await WhenAsync(async () => await IsClosedAsync(server.Server.UpstreamAddress));
        Assert.Null(await agent.RegisterAsync("db"));
        one.Dispose();

        await using var another = await ConnectSoonAsync(server, null);
        Assert.InRange(await HitsAsync(server, "upstream.max-handshakes-per-client"), 1, int.MaxValue);
    }

    [Fact]
    public async Task UpstreamPort_WithAllItsConnections_TakesNoOther()
    {
        await using var server = await StartAsync(o => o.Upstream.Limits.Connections = 1);
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);

        await WhenAsync(async () => await IsClosedAsync(server.Server.UpstreamAddress));

        Assert.Null(await agent.RegisterAsync("db"));
    }

    [Fact]
    public async Task Client_WithAllItsConnections_429_UntilOneEnds()
    {
        await using var server = await StartAsync(o => o.Proxy.Limits.ConnectionsPerClient = 2);
        var one = await ConnectAndAskAsync(server.Server.ProxyAddress);
        using var two = await ConnectAndAskAsync(server.Server.ProxyAddress);
        await WhenAsync(async () => (await AskAsync(server.Server.ProxyAddress)).StartsWith("HTTP/1.1 429 ", StringComparison.Ordinal));
        var refused = await AskAsync(server.Server.ProxyAddress);

        Assert.Contains("\r\nx-pico-error: rate_limited\r\nRetry-After: 1\r\nConnection: close\r\n", refused, StringComparison.Ordinal);
        one.Dispose();

        await WhenAsync(async () => (await AskAsync(server.Server.ProxyAddress)).StartsWith("HTTP/1.1 502 ", StringComparison.Ordinal));
        Assert.InRange(await HitsAsync(server, "proxy.max-connections-per-client"), 2, int.MaxValue);
    }

    [Fact]
    public async Task TrustedProxy_MayHaveMoreConnections()
    {
        await using var server = await StartAsync(o =>
        {
            o.Proxy.Limits.ConnectionsPerClient = 1;
            o.Proxy.TrustedProxies = ["127.0.0.0/8"];
        });
        using var one = await ConnectAndAskAsync(server.Server.ProxyAddress);
        using var two = await ConnectAndAskAsync(server.Server.ProxyAddress);

        Assert.StartsWith("HTTP/1.1 502 ", await AskAsync(server.Server.ProxyAddress), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_NamedByTheProxyProtocol_IsTheOneThatIsCounted()
    {
        await using var server = await StartAsync(o =>
        {
            o.Proxy.Limits.ConnectionsPerClient = 1;
            o.Proxy.ProxyProtocol = true;
        });
        using var one = await ConnectAndAskAsync(server.Server.ProxyAddress, "PROXY TCP4 192.0.2.1 192.0.2.9 1000 80\r\n");

        await WhenAsync(async () => (await AskAsync(server.Server.ProxyAddress, "PROXY TCP4 192.0.2.1 192.0.2.9 1001 80\r\n")).StartsWith("HTTP/1.1 429 ", StringComparison.Ordinal));
        Assert.StartsWith(
            "HTTP/1.1 502 ", await AskAsync(server.Server.ProxyAddress, "PROXY TCP4 192.0.2.2 192.0.2.9 1000 80\r\n"), StringComparison.Ordinal);
    }

    private static Task<TestServer> StartAsync(Action<ServerOptions> configure) => TestServer.StartAsync(configure);

    private static Task<TunnelStream> OpenAsync(TestAgent client, string endpoint = "db") =>
        client.Tunnel.OpenAsync(new StreamOpen { EndpointId = endpoint, Protocol = EndpointProtocol.Tcp }, Cancel).AsTask();

    // What is counted out is counted out a moment after the other side sees the end.
    private static async Task<TunnelStream> OpenSoonAsync(TestAgent client)
    {
        TunnelStream? stream = null;
        await WhenAsync(async () =>
        {
            try
            {
                stream = await OpenAsync(client);
                return true;
            }
            catch (StreamException e) when (e.Error == StreamError.TooManyStreams)
            {
                return false;
            }
        });
        return stream!;
    }

    private static async Task<TestAgent> ConnectSoonAsync(TestServer server, string? token)
    {
        TestAgent? agent = null;
        await WhenAsync(async () =>
        {
            try
            {
                agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: token);
                return true;
            }
            catch (Exception e) when (e is TunnelException or System.Net.WebSockets.WebSocketException)
            {
                return false;
            }
        });
        return agent!;
    }

    private static Task WhenAsync(Func<bool> condition) => WhenAsync(() => Task.FromResult(condition()));

    private static async Task WhenAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(Patience);
        while (!await condition())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<TcpClient> ConnectAsync(IPEndPoint address)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address, Cancel);
        return client;
    }

    /// <summary>A connection that the server has answered on, and so counted: those that are only open may be served in another order than they came.</summary>
    private static async Task<TcpClient> ConnectAndAskAsync(IPEndPoint address, string before = "")
    {
        TcpClient? kept = null;
        await WhenAsync(async () =>
        {
            var client = await ConnectAsync(address);
            var answer = await FirstOfAnswerAsync(client, $"{before}GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n");
            if (answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && !answer.Contains("Connection: close", StringComparison.OrdinalIgnoreCase))
                kept = client;
            else
                client.Dispose(); // one that is about to end is still counted
            return kept is not null;
        });
        return kept!;
    }

    private static async Task<string> FirstOfAnswerAsync(TcpClient client, string request)
    {
        try
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Cancel);
            var buffer = new byte[4096];
            var count = await client.GetStream().ReadAsync(buffer, Cancel).AsTask().WaitAsync(Patience, TimeProvider.System, Cancel);
            return Encoding.ASCII.GetString(buffer, 0, count);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task<bool> IsClosedAsync(IPEndPoint address)
    {
        using var client = await ConnectAsync(address);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], deadline.Token) == 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task EndsAsync(TcpClient client)
    {
        try
        {
            var buffer = new byte[4096];
            while (await client.GetStream().ReadAsync(buffer, Cancel).AsTask().WaitAsync(Patience, TimeProvider.System, Cancel) > 0)
            {
            }
        }
        catch (IOException)
        {
            // It was reset, which is an end too.
        }
    }

    private static async Task<string> AskAsync(IPEndPoint address, string before = "")
    {
        using var client = await ConnectAsync(address);
        var answer = new StringBuilder();
        try
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{before}GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n"), Cancel);
            var buffer = new byte[4096];
            int count;
            while ((count = await client.GetStream().ReadAsync(buffer, Cancel).AsTask().WaitAsync(Patience, TimeProvider.System, Cancel)) > 0)
                answer.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // A connection that is refused ends with what was sent to it unread: a reset, which may overtake the answer.
        }

        return answer.ToString();
    }

    private static async Task<long> HitsAsync(TestServer server, string limit)
    {
        using var response = await server.AdminAsync("/metrics");
        var line = (await response.Content.ReadAsStringAsync(Cancel)).Split('\n').Single(l => l.StartsWith("pico_limit_hits_total{", StringComparison.Ordinal) && l.Contains($"\"{limit}\"", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1]);
    }
}
