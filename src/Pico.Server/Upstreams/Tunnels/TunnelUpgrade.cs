using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
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

    /// <summary>Upgrades the request, and gives a tunnel's transport on it; null, and answered, if it is no such upgrade.</summary>
    public static async Task<TunnelTransport?> AcceptAsync(HttpContext context) =>
        await TryAcceptAsync(context) is { } stream ? new WebSocketTransport(stream, isClient: false, AddressOf(context), context.Abort) : null;

    /// <summary>Where the request comes from, for people.</summary>
    public static string AddressOf(HttpContext context) => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";

    /// <summary>Upgrades the request, and gives what it is upgraded to; null, and answered, if it is no such upgrade.</summary>
    public static async Task<Stream?> TryAcceptAsync(HttpContext context)
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

        return await UpgradeAsync(context);
    }

    private static async Task<Stream> UpgradeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.SecWebSocketProtocol = SubProtocol;
        // HTTP/2 (RFC 8441) has no handshake beyond that.
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return await connect.AcceptAsync();
        headers.Connection = HeaderNames.Upgrade;
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = Accept(context.Request.Headers.SecWebSocketKey.ToString());
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    private static string Accept(string key) =>
#pragma warning disable CA5350 // RFC 6455 section 4.2.2 asks for SHA-1; nothing secret depends on it.
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key.Trim() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
}
