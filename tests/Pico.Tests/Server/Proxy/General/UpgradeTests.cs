using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pico.Server.Hosting;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.General;

/// <summary>WebSocket clients over both versions → a WebSocket service over HTTP/1.1.</summary>
public sealed class UpgradeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Versions => ["1.1", "2.0"];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task WebSocket_EchoesBigMessagesAndOutlivesTheIdleTimeout(string version)
    {
        await using var service = await TestService.StartAsync(HttpProtocols.Http1, EchoAsync);
        await using var server = await ProxyTestServer.StartAsync(new ProxyOptions { IdleTimeout = TimeSpan.FromSeconds(1) });
        await server.AddAsync("ws", EndpointProtocol.Http, ProxyTestServer.To(service.Port));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = Create("ws", version);
        socket.Options.AddSubProtocol("chat");

        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Url.Port}/"), invoker, Cancel);
        Assert.Equal("chat", socket.SubProtocol);
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, Cancel);

        var message = new byte[1024 * 1024];
        new Random(1).NextBytes(message);
        var sending = socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, Cancel);
        var echoed = await ReceiveAsync(socket, Cancel);
        await sending;

        Assert.True(message.AsSpan().SequenceEqual(echoed));
        await socket.CloseAsync((WebSocketCloseStatus)4001, "bye", Cancel);
        Assert.Equal(((WebSocketCloseStatus)4001, "bye"), (socket.CloseStatus, socket.CloseStatusDescription));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task WebSocket_SilentForTooLong_Ends(string version)
    {
        await using var service = await TestService.StartAsync(HttpProtocols.Http1, EchoAsync);
        await using var server = await ProxyTestServer.StartAsync(new ProxyOptions { StreamIdleTimeout = TimeSpan.FromMilliseconds(300) });
        await server.AddAsync("ws", EndpointProtocol.Http, ProxyTestServer.To(service.Port));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = Create("ws", version);

        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Url.Port}/"), invoker, Cancel);

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[1], Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task WebSocket_ServiceRefuses_ClientGetsItsAnswer(string version)
    {
        await using var service = await TestService.StartAsync(HttpProtocols.Http1, context =>
        {
            context.Response.StatusCode = 418;
            return context.Response.WriteAsync("no");
        });
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("ws", EndpointProtocol.Http, ProxyTestServer.To(service.Port));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = Create("ws", version);
        socket.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Url.Port}/"), invoker, Cancel));

        Assert.Equal(418, (int)socket.HttpStatusCode);
    }

    [Fact]
    public async Task WebSocket_ServiceAcceptsWithAWrongKey_IsUpstreamProtocolError()
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("ws", EndpointProtocol.Http, ProxyTestServer.Script(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = Create("ws", "2.0");
        socket.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Url.Port}/"), invoker, Cancel));

        Assert.Equal(HttpStatusCode.BadGateway, socket.HttpStatusCode);
        Assert.Equal("upstream_protocol_error", Assert.Single(socket.HttpResponseHeaders!["x-pico-error"]));
    }

    [Fact]
    public async Task WebSocket_ServiceAnswers200_IsNotTakenForAccepted()
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("ws", EndpointProtocol.Http, ProxyTestServer.Script("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = Create("ws", "2.0");
        socket.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Url.Port}/"), invoker, Cancel));

        Assert.Equal(HttpStatusCode.BadGateway, socket.HttpStatusCode);
    }

    private static ClientWebSocket Create(string endpointId, string version)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new Version(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.SetRequestHeader("x-pico-endpoint", endpointId);
        return socket;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { SubProtocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(), KeepAliveInterval = TimeSpan.Zero });
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(received.CloseStatus!.Value, received.CloseStatusDescription, CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket socket, CancellationToken cancel)
    {
        using var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, cancel);
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
                return message.ToArray();
        }
    }
}
