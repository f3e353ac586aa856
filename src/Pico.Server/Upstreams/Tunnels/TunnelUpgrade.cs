using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Pico.Server.Hosting;
using Pico.Tunnel;
using Pico.Tunnel.Transports;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>The WebSocket upgrade under every tunnel that a client opens to this node.</summary>
internal static class TunnelUpgrade
{
    /// <summary>The path agents upgrade on, on the upstream port.</summary>
    public const string AgentPath = "/pico/v1/tunnel";

    /// <summary>The path forward clients upgrade on, on the proxy port.</summary>
    public const string ForwardPath = "/pico/v1/forward";

    /// <summary>The sub-protocol: the tunnel protocol, version 1.</summary>
    public const string SubProtocol = "pico.v1";

    /// <summary>No pings by the WebSocket itself: the tunnel pings, and measures by it.</summary>
    public static WebSocketOptions Options => new() { KeepAliveInterval = Timeout.InfiniteTimeSpan };

    /// <summary>Upgrades the request; null, and answered, if it is no such upgrade.</summary>
    public static async Task<TunnelTransport?> AcceptAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers[HeaderNames.Upgrade] = "websocket";
            await Problem.WriteAsync(context, StatusCodes.Status426UpgradeRequired, "upgrade_required", "This path is for tunnels: a WebSocket upgrade.");
            return null;
        }

        if (!context.WebSockets.WebSocketRequestedProtocols.Contains(SubProtocol, StringComparer.Ordinal))
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status400BadRequest, "bad_request", $"The WebSocket must offer the sub-protocol {SubProtocol} (Sec-WebSocket-Protocol).");
            return null;
        }

        var socket = await context.WebSockets.AcceptWebSocketAsync(SubProtocol);
        return new WebSocketTransport(socket, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}");
    }
}
