using System.Net.WebSockets;
using System.Text;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>WebSocket between the clients and services of python3-websockets, and over HTTP/2 from .NET's client.</summary>
public sealed class WebSocketTests(SharedServer shared)
{
    [Theory(Timeout = 90_000)]
    [InlineData("echo")]
    [InlineData("large")]
    [InlineData("fragments")]
    [InlineData("ping")]
    [InlineData("closed_by_service")]
    public async Task Messages_PassBothWays(string scenario)
    {
        await using var service = await PythonService.StartAsync("websocket_server.py");
        await using var web = await shared.ExposeAsync(service.Port);

        await RunClientAsync(web.Proxy, web.EndpointId, scenario);
    }

    [Fact(Timeout = 90_000)]
    public async Task Close_ByTheClient_ReachesTheServiceWithItsCode()
    {
        await using var service = await PythonService.StartAsync("websocket_server.py");
        await using var web = await shared.ExposeAsync(service.Port);

        await RunClientAsync(web.Proxy, web.EndpointId, "close");

        await service.Process.WaitUntilAsync(
            "the service was told", () => service.Process.Log.Contains("closed 4002 the client had enough", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task Silence_Of32Seconds_OutlivesTheIdleTimeoutsOfHttp()
    {
        await using var service = await PythonService.StartAsync("websocket_server.py");
        await using var pico = await Deployment.StartAsync(
            $"web/http://127.0.0.1:{service.Port}",
            server: ["--proxy.idle-timeout", "2s", "--proxy.keep-alive-timeout", "2s", "--proxy.request-head-timeout", "2s", "--proxy.response-head-timeout", "2s"]);

        await RunClientAsync(pico.Proxy, "web", "silent");
    }

    [Fact(Timeout = 60_000)]
    public async Task Upgrade_Refused_IsAnOrdinaryResponse()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 403 no; }");
        await using var web = await shared.ExposeAsync(nginx.Port);

        var reply = await web.CurlAsync(
            "/", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==");

        Assert.Equal("no", reply.Succeeded(403).Text);
    }

    [Fact(Timeout = 60_000)]
    public async Task Messages_OverHttp2_ReachTheServiceOverHttp1()
    {
        await using var service = await PythonService.StartAsync("websocket_server.py");
        await using var web = await shared.ExposeAsync(service.Port);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new(2, 0);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.SetRequestHeader("x-pico-endpoint", web.EndpointId);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var deadline = Deadline.After(TimeSpan.FromSeconds(30));

        await socket.ConnectAsync(new($"ws://{web.Proxy.Authority}/"), http, deadline.Token);
        var text = Encoding.UTF8.GetBytes(new string('t', 200_000));
        await socket.SendAsync(text, WebSocketMessageType.Text, true, deadline.Token);
        var received = await ReceiveAsync(socket, deadline.Token);
        Assert.Equal(text, received);

        await socket.SendAsync("close 4001 the service had enough"u8.ToArray(), WebSocketMessageType.Text, true, deadline.Token);
        await ReceiveAsync(socket, deadline.Token);
        Assert.Equal(4001, (int)socket.CloseStatus!);
        Assert.Equal("the service had enough", socket.CloseStatusDescription);
    }

    private static Task RunClientAsync(Uri proxy, string endpointId, string scenario) =>
        PythonService.RunAsync("websocket_client.py", $"ws://{proxy.Authority}/", endpointId, scenario);

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        WebSocketReceiveResult result;
        do
        {
            result = await socket.ReceiveAsync(buffer, cancellationToken);
            message.Write(buffer, 0, result.Count);
        }
        while (!result.EndOfMessage);
        return message.ToArray();
    }
}
