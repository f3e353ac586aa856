using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>The services that the traffic goes to: HTTP (at once, or slowly), WebSocket echo, TCP echo of lines.</summary>
internal sealed class TrafficServices : IAsyncDisposable
{
    private readonly IPAddress _address;
    private readonly WebService _web;
    private readonly RawService _tcp;

    private TrafficServices(IPAddress address, WebService web, RawService tcp) => (_address, _web, _tcp) = (address, web, tcp);

    /// <summary>The address of the HTTP and WebSocket service, as an agent takes it.</summary>
    public string Web => $"http://{_address}:{_web.Port}";

    /// <summary>The address of the TCP service, as an agent takes it.</summary>
    public string Tcp => $"tcp://{_address}:{_tcp.Port}";

    /// <summary>Starts them, on loopback if no other address is given.</summary>
    public static async Task<TrafficServices> StartAsync(IPAddress? address = null)
    {
        address ??= IPAddress.Loopback;
        var web = await WebService.StartAsync(Map, address: address);
        return new(address, web, RawService.Start(EchoAsync, new IPEndPoint(address, 0)));
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        await _tcp.DisposeAsync();
    }

    private static void Map(WebApplication app)
    {
        app.UseWebSockets();
        app.MapGet("/", () => "ok");
        app.MapGet("/slow", AnswerSlowlyAsync);
        app.MapPost("/", SendBackAsync);
        app.Map("/socket", EchoAsync);
    }

    private static async Task AnswerSlowlyAsync(HttpContext context)
    {
        await context.Response.WriteAsync("o", context.RequestAborted);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, context.RequestAborted);
        await context.Response.WriteAsync("k", context.RequestAborted);
    }

    private static async Task SendBackAsync(HttpContext context)
    {
        context.Response.ContentLength = context.Request.ContentLength;
        await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[1024];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer, context.RequestAborted);
                if (received.MessageType == WebSocketMessageType.Close)
                    break;
                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
            }

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client has seen it too.
        }
    }

    private static async Task EchoAsync(RawConnection connection)
    {
        var buffer = new byte[1024];
        for (int read; (read = await connection.ReadAsync(buffer)) > 0;)
            await connection.SendAsync(buffer.AsMemory(0, read));
    }
}
