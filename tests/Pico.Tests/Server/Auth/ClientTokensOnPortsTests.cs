using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pico.Server.Hosting;
using Pico.Tests.Server.Proxy.General;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Auth;

/// <summary>Tokens of clients on a real proxy port: by each protocol, and through each path.</summary>
public sealed class ClientTokensOnPortsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static string Good => TokenMint.Create("ES256", Now, new { endpoints = new[] { "orders", "rpc", "db" } });

    public static TheoryData<string, string> Ways => new()
    {
        { "1.1", "orders" },
        { "2.0", "orders" },
        { "1.1", "rpc" },
        { "2.0", "rpc" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Request_WithAToken_ReachesTheServiceWithoutIt(string version, string endpoint)
    {
        await using var server = await StartAsync();
        var seen = new ConcurrentQueue<(string? Authorization, string? Own)>();
        await using var service = await AddServiceAsync(server, endpoint, seen);
        using var client = Client(server, version);

        Assert.Equal((200, ""), await GetAsync(client, endpoint, ("Authorization", "Bearer " + Good)));
        Assert.Equal((200, ""), await GetAsync(client, endpoint, ("Authorization", "Basic YTpi"), ("x-pico-authorization", "bearer " + Good)));
        Assert.Equal([("", ""), ("Basic YTpi", "")], seen);

        Assert.Equal((401, "unauthorized"), await GetAsync(client, endpoint));
        Assert.Equal((401, "unauthorized"), await GetAsync(client, endpoint, ("Authorization", "Basic YTpi")));
        Assert.Equal((401, "unauthorized"), await GetAsync(client, endpoint, ("Authorization", "Bearer " + Good), ("x-pico-authorization", "Bearer x.y.z")));
        Assert.Equal((401, "token_expired"), await GetAsync(client, endpoint, ("Authorization", "Bearer " + TokenMint.Create("ES256", Now, lifetime: TimeSpan.FromHours(-1), validAfter: TimeSpan.FromHours(-2)))));
        Assert.Equal((403, "endpoint_not_permitted"), await GetAsync(client, "payments", ("Authorization", "Bearer " + Good)));
        Assert.Equal((401, "unauthorized"), await GetAsync(client, "nosuch"));
        Assert.Equal((502, "no_available_upstreams"), await GetAsync(client, "db", ("Authorization", "Bearer " + Good)));
        Assert.Equal(2, seen.Count);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task WebSocket_IsJudgedWhenItOpens_AndOutlivesItsToken(string version)
    {
        await using var server = await StartAsync(o => o.Proxy.Auth.ClockSkew = TimeSpan.Zero);
        await using var service = await AddServiceAsync(server, "orders", []);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        var target = new Uri($"ws://{server.Server.ProxyAddress}/");

        using var stranger = Socket(version, null);
        await Assert.ThrowsAsync<WebSocketException>(() => stranger.ConnectAsync(target, invoker, Cancel));
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.HttpStatusCode);

        var expires = Now + TimeSpan.FromSeconds(2);
        using var socket = Socket(version, TokenMint.Create("ES256", Now, new { endpoints = new[] { "orders" } }, lifetime: TimeSpan.FromSeconds(2)));
        await socket.ConnectAsync(target, invoker, Cancel);
        using var http = Client(server, version);
        while (Now < expires + TimeSpan.FromSeconds(1))
            await EchoAsync(socket);
        await EchoAsync(socket);
    }

    [Fact]
    public async Task ForwardClient_ReachesWhatItsTokenPermits_UntilItExpires()
    {
        await using var server = await StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await agent.RegisterAsync("db"));
        Assert.Null(await agent.RegisterAsync("cache"));
        await Assert.ThrowsAsync<WebSocketException>(() => TestAgent.ConnectAsync(server.Server.ProxyAddress, path: "/pico/v1/forward"));

        var token = TokenMint.Create("ES256", Now, new { endpoints = new[] { "db", "none" } }, lifetime: TimeSpan.FromSeconds(2));
        await using var client = await TestAgent.ConnectAsync(server.Server.ProxyAddress, path: "/pico/v1/forward", token: token);
        await using var stream = await OpenAsync(client, "db");
        var refused = await Assert.ThrowsAsync<StreamException>(() => OpenAsync(client, "cache"));
        var unknown = await Assert.ThrowsAsync<StreamException>(() => OpenAsync(client, "nosuch"));
        Assert.Contains("endpoint_not_permitted", refused.Message, StringComparison.Ordinal);
        Assert.Equal(refused.Message.Replace("cache", "nosuch", StringComparison.Ordinal), unknown.Message);
        Assert.DoesNotContain("endpoint_not_permitted", (await Assert.ThrowsAsync<StreamException>(() => OpenAsync(client, "none"))).Message, StringComparison.Ordinal);

        // The client is told to come with another token; what it has open lives on.
        Assert.Equal(TunnelError.TokenExpired, (await client.Handler.GoneAway.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel)).Reason);
        await Assert.ThrowsAsync<StreamException>(() => OpenAsync(client, "db"));
        await stream.WriteAsync("ping"u8.ToArray(), Cancel);
        Assert.Equal(4, (await stream.Input.ReadAtLeastAsync(4, Cancel)).Buffer.Length);
    }

    [Fact]
    public void TlsPassthrough_BesideTokensForClients_MustBeAllowed()
    {
        var options = TestServer.Options();
        options.Proxy.Auth.Secret = TokenMint.Secret;
        options.Proxy.TlsPassthroughBindAddress = "127.0.0.1:0";
        Assert.Equal("proxy.tls-passthrough-bind-addr", Assert.Single(ServerOptionsValidator.Validate(options)).Key);
        options.Proxy.AllowUnauthenticatedTlsPassthrough = true;
        Assert.Empty(ServerOptionsValidator.Validate(options));
    }

    private static Task<TestServer> StartAsync(Action<ServerOptions>? configure = null) => TestServer.StartAsync(o =>
    {
        o.Proxy.Auth.PublicKey = TokenMint.PublicKeys;
        configure?.Invoke(o);
    });

    private static async Task<IAsyncDisposable> AddServiceAsync(TestServer server, string endpoint, ConcurrentQueue<(string?, string?)> seen)
    {
        var service = await Pico.Tests.Server.Proxy.General.TestService.StartAsync(endpoint == "rpc" ? HttpProtocols.Http2 : HttpProtocols.Http1, async context =>
        {
            seen.Enqueue((context.Request.Headers.Authorization.ToString(), context.Request.Headers["x-pico-authorization"].ToString()));
            if (!context.WebSockets.IsWebSocketRequest)
                return;
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[16];
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } message)
                await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, context.RequestAborted);
        });
        var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: ProxyTestServer.To(service.Port));
        Assert.Null(await agent.RegisterAsync(endpoint, endpoint == "rpc" ? EndpointProtocol.H2C : EndpointProtocol.Http));
        return new Both(agent, service);
    }

    private static HttpClient Client(TestServer server, string version) => new()
    {
        BaseAddress = new Uri($"http://{server.Server.ProxyAddress}"),
        DefaultRequestVersion = new Version(version),
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(30),
    };

    private static async Task<(int Status, string Code)> GetAsync(HttpClient client, string endpoint, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
        request.Headers.Host = endpoint + ".example.com";
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request, Cancel);
        Assert.Equal(response.StatusCode == HttpStatusCode.Unauthorized, response.Headers.WwwAuthenticate.ToString().StartsWith("Bearer", StringComparison.Ordinal));
        return ((int)response.StatusCode, response.Headers.TryGetValues("x-pico-error", out var codes) ? codes.Single() : "");
    }

    private static ClientWebSocket Socket(string version, string? token)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new Version(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("x-pico-endpoint", "orders");
        if (token is not null)
            socket.Options.SetRequestHeader("x-pico-authorization", "Bearer " + token);
        return socket;
    }

    private static async Task EchoAsync(ClientWebSocket socket)
    {
        var buffer = new byte[16];
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Cancel);
        var echoed = await socket.ReceiveAsync(buffer, Cancel);
        Assert.Equal("ping", Encoding.ASCII.GetString(buffer, 0, echoed.Count));
    }

    private static async Task<TunnelStream> OpenAsync(TestAgent client, string endpoint) =>
        await client.Tunnel.OpenAsync(new StreamOpen { EndpointId = endpoint, Protocol = EndpointProtocol.Tcp }, Cancel);

    private sealed class Both(TestAgent agent, IAsyncDisposable service) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await agent.DisposeAsync();
            await service.DisposeAsync();
        }
    }
}
