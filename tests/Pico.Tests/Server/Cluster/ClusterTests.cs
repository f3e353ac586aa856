using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pico.Tests.Server.Proxy.General;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using HttpService = Pico.Tests.Server.Proxy.General.TestService;

namespace Pico.Tests.Server.Cluster;

/// <summary>Requests to one node for agents of another, with everything real but the machines.</summary>
public sealed class ClusterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.1", EndpointProtocol.Http)]
    [InlineData("2.0", EndpointProtocol.Http)]
    [InlineData("1.1", EndpointProtocol.H2C)]
    [InlineData("2.0", EndpointProtocol.H2C)]
    public async Task Request_ToAnotherNodesAgent_IsServedByIt(string version, EndpointProtocol protocol)
    {
        await using var service = await HttpService.StartAsync(
            protocol == EndpointProtocol.H2C ? HttpProtocols.Http2 : HttpProtocols.Http1, context => context.Request.Body.CopyToAsync(context.Response.Body));
        await using var cluster = await TestCluster.StartAsync(2);
        await using var agent = await AgentAsync(cluster[1], "web", protocol, ProxyTestServer.To(service.Port));
        await cluster.KnowAsync("web", 1);

        for (var i = 0; i < 3; i++)
            Assert.Equal($"hello {i}", await PostAsync(cluster[0], $"hello {i}", version));

        var upstream = Assert.Single(Assert.Single((await cluster[0].StatusAsync()).Endpoints).Upstreams);
        Assert.Equal("node-1", upstream.NodeId);
    }

    [Fact]
    public async Task WebSocket_ToAnotherNodesAgent_CarriesMessagesBothWays()
    {
        await using var service = await HttpService.StartAsync(HttpProtocols.Http1, async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            await socket.SendAsync(buffer.AsMemory(0, received.Count), WebSocketMessageType.Text, true, CancellationToken.None);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None);
        });
        await using var cluster = await TestCluster.StartAsync(2);
        await using var agent = await AgentAsync(cluster[1], "web", EndpointProtocol.Http, ProxyTestServer.To(service.Port));
        await cluster.KnowAsync("web", 1);
        using var client = new ClientWebSocket();
        client.Options.SetRequestHeader("x-pico-endpoint", "web");

        await client.ConnectAsync(new Uri($"ws://{cluster[0].Server.ProxyAddress}/"), Cancel);
        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Cancel);
        var answer = new byte[100];
        var received = await client.ReceiveAsync(answer, Cancel);

        Assert.Equal("hello", Encoding.ASCII.GetString(answer, 0, received.Count));
        Assert.Equal(WebSocketMessageType.Close, (await client.ReceiveAsync(answer, Cancel)).MessageType);
    }

    [Fact]
    public async Task Forward_ToAnotherNodesTcpEndpoint_CarriesHalfClose()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var agent = await AgentAsync(cluster[1], "db", EndpointProtocol.Tcp, TestAgent.EchoAsync);
        await cluster.KnowAsync("db", 1);
        await using var client = await TestAgent.ConnectAsync(cluster[0].Server.ProxyAddress, path: "/pico/v1/forward");

        var stream = await client.Tunnel.OpenAsync(new StreamOpen { EndpointId = "db", Protocol = EndpointProtocol.Tcp }, Cancel);
        await stream.WriteAsync("hello"u8.ToArray(), Cancel);
        stream.CompleteOutput();

        using var reader = new StreamReader(stream.AsStream());
        Assert.Equal("hello", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Response_CutAtTheService_IsNeverEndedAsIfComplete()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var agent = await AgentAsync(cluster[1], "web", EndpointProtocol.Http, async stream =>
        {
            await Server.TestService.ReadHeadAsync(stream);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"u8.ToArray());
            stream.Abort(StreamError.ServiceReset);
        });
        await cluster.KnowAsync("web", 1);

        await Assert.ThrowsAnyAsync<Exception>(() => PostAsync(cluster[0], "", "1.1"));
    }

    [Fact]
    public async Task Agent_Withdraws_IsUnknownOnEveryNode()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var agent = await AgentAsync(cluster[1], "web", EndpointProtocol.Http, Server.TestService.Answering("hello"));
        await cluster.KnowAsync("web", 1);

        await agent.Tunnel.DeregisterAsync(1, Cancel);
        await cluster.KnowAsync("web", 0);

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(cluster[0], "", "1.1"));
        Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
    }

    [Fact]
    public async Task Node_Killed_OnlyWhatRunsThroughItFails()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var cluster = await TestCluster.StartAsync(3);
        await using var first = await AgentAsync(cluster[1], "slow", EndpointProtocol.Http, Server.TestService.Answering("never", () =>
        {
            asked.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        }));
        await using var second = await AgentAsync(cluster[1], "web", EndpointProtocol.Http, Server.TestService.Answering("from 1"));
        await using var third = await AgentAsync(cluster[2], "web", EndpointProtocol.Http, Server.TestService.Answering("from 2"));
        await cluster.KnowAsync("slow", 1);
        await cluster.KnowAsync("web", 2);
        var running = PostAsync(cluster[0], "", "1.1", "slow");
        await asked.Task.WaitAsync(Patience, Cancel);

        await cluster[1].Server.DisposeAsync();

        var failed = await Assert.ThrowsAsync<HttpRequestException>(() => running.WaitAsync(Patience, Cancel));
        Assert.Equal(HttpStatusCode.BadGateway, failed.StatusCode);
        for (var i = 0; i < 20; i++)
            Assert.Equal("from 2", await PostAsync(cluster[0], "", "1.1"));
        await cluster[0].StatusAsync(s => s.Endpoints.All(e => e.Upstreams.All(u => u.NodeId != "node-1")));
    }

    [Fact]
    public async Task Node_Drains_NoRequestFailsAnywhere()
    {
        await using var cluster = await TestCluster.StartAsync(3);
        await using var leaving = await AgentAsync(cluster[1], "web", EndpointProtocol.Http, Server.TestService.Answering("hello"));
        await cluster.KnowAsync("web", 1);
        Assert.Equal("hello", await PostAsync(cluster[0], "", "1.1"));
        using var over = new CancellationTokenSource();
        var requests = Task.Run(
            async () =>
            {
                for (var i = 0; !over.IsCancellationRequested; i++)
                    Assert.Equal("hello", await PostAsync(cluster[i % 2 * 2], "", i % 4 < 2 ? "1.1" : "2.0"));
            },
            Cancel);

        var draining = cluster[1].Server.StopAsync(Cancel);
        await leaving.Handler.GoneAway.Task.WaitAsync(Patience, Cancel);
        await using var replacement = await AgentAsync(cluster[2], "web", EndpointProtocol.Http, Server.TestService.Answering("hello")); // as agents do: make before break
        await cluster.KnowAsync("web", 2);
        leaving.Tunnel.GoAway(TunnelError.None, "replaced");
        await draining.WaitAsync(Patience, Cancel);

        await cluster[0].StatusAsync(s => s.Endpoints[0].Upstreams.All(u => u.NodeId == "node-2"));
        await over.CancelAsync();
        await requests;
        Assert.Equal("hello", await PostAsync(cluster[0], "", "1.1"));
    }

    [Fact]
    public async Task Start_NobodyToJoin_IsReadyAloneAfterTheTimeOut()
    {
        await using var server = await TestServer.StartAsync(options =>
        {
            options.Cluster.BindAddress = "127.0.0.1:0";
            options.Cluster.Join = ["127.0.0.1:9"];
            options.Cluster.JoinTimeout = TimeSpan.FromSeconds(1);
        });
        using (var joining = await server.AdminAsync("/ready"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, joining.StatusCode);

        await server.StatusAsync(s => s.Nodes[0].State == "ready");

        using var ready = await server.AdminAsync("/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Start_WithoutACluster_IsReadyAtOnce()
    {
        await using var server = await TestServer.StartAsync();

        using var ready = await server.AdminAsync("/ready");

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Throws<InvalidOperationException>(() => server.Server.ClusterAddress);
        Assert.Single((await server.StatusAsync()).Nodes);
    }

    private static async Task<TestAgent> AgentAsync(TestServer node, string endpoint, EndpointProtocol protocol, Func<TunnelStream, Task> serve)
    {
        var agent = await TestAgent.ConnectAsync(node.Server.UpstreamAddress, serve: serve);
        Assert.Null(await agent.RegisterAsync(endpoint, protocol));
        return agent;
    }

    private static async Task<string> PostAsync(TestServer node, string body, string version, string endpoint = "web")
    {
        using var http = new HttpClient { Timeout = Patience };
        using var request = new HttpRequestMessage(body.Length == 0 ? HttpMethod.Get : HttpMethod.Post, $"http://{node.Server.ProxyAddress}/")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { { "x-pico-endpoint", endpoint } },
            Content = body.Length == 0 ? null : new StringContent(body),
        };
        using var response = await http.SendAsync(request, Cancel);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(Cancel);
    }
}
