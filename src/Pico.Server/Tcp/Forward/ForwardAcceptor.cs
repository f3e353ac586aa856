using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pico.Server.Auth;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Proxy.Access;
using Pico.Server.Upstreams.Tunnels;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Tcp.Forward;

/// <summary>
/// Accepts forward clients on the proxy port:
/// <code>
///   GET /pico/v1/forward ─1▶ token ─2▶ upgrade to WebSocket ─3▶ HELLO ─4▶ streams: OPEN(endpoint, TCP) ─▶ service
/// </code>
/// The request lasts as long as the client's tunnel. When the token expires the client is told to go, and can open nothing more; what it has open lives on.
/// </summary>
internal sealed partial class ForwardAcceptor(ClientAccess access, TcpRelay relay, NodeIdentity node, NodeLifecycle lifecycle, TimeProvider time, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger<ForwardAcceptor>();
    private readonly ConcurrentDictionary<TunnelConnection, byte> _tunnels = new();

    /// <summary>Serves one client.</summary>
    public async Task AcceptAsync(HttpContext context)
    {
        var admitted = await access.AdmitAsync(context); // 1
        if (!admitted.IsValid)
        {
            LogUnauthorized(context.Connection.RemoteIpAddress, admitted.Failure, admitted.Reason);
            await AuthProblems.WriteAsync(context, admitted);
            return;
        }

        var transport = await TunnelUpgrade.AcceptAsync(context); // 2
        if (transport is null)
            return;

        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var client = context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, context.Connection.RemotePort) : null;
        var handler = new ForwardTunnelHandler(relay, admitted.Token, client, context.Features.Get<ConnectionClient>(), loggers.CreateLogger<ForwardTunnelHandler>(), over.Token);
        try
        {
            await using var tunnel = await TunnelConnection.AcceptAsync( // 3
                transport, node.Hello(), Admit, handler, TunnelOptions.Default, time, _logger, context.RequestAborted);
            LogConnected(tunnel.RemoteAddress, tunnel.Remote.Software);
            _tunnels.TryAdd(tunnel, 0);
            try
            {
                tunnel.Start(); // 4
                if (lifecycle.IsDraining)
                    GoAway(tunnel);
                _ = TokenExpiry.TellAsync(tunnel, admitted.Token, time, over.Token);
                var end = await tunnel.Completion;
                LogEnded(tunnel.RemoteAddress, end.Error, end.Message);
            }
            finally
            {
                _tunnels.TryRemove(tunnel, out _);
                await over.CancelAsync();
            }
        }
        catch (Exception exception) when (exception is TunnelException or OperationCanceledException)
        {
            LogNotAdmitted(transport.RemoteAddress, exception.Message);
        }
    }

    /// <summary>Tells the clients to open nothing more here; each tunnel closes when its last connection has ended.</summary>
    public async Task DrainAsync(CancellationToken patience)
    {
        foreach (var (tunnel, _) in _tunnels)
            GoAway(tunnel);
        await Task.WhenAll(_tunnels.Keys.Select(async tunnel =>
        {
            await tunnel.WhenIdleAsync(patience);
            await tunnel.CloseAsync(TunnelError.Draining, Draining);
        }));
    }

    private string Draining => $"The node {node.Id} is draining.";

    private void GoAway(TunnelConnection tunnel) => tunnel.GoAway(TunnelError.Draining, Draining);

    private TunnelEnd? Admit(TunnelHello client) =>
        lifecycle.IsDraining ? new TunnelEnd(TunnelError.Draining, Draining) : null;

    [LoggerMessage(2431, LogLevel.Debug, "A forward client ({Software}) connected from {Address}.")]
    private partial void LogConnected(string address, string software);

    [LoggerMessage(2432, LogLevel.Debug, "The forward client at {Address} is gone: {Reason}. {Message}")]
    private partial void LogEnded(string address, TunnelError reason, string message);

    [LoggerMessage(2434, LogLevel.Debug, "A forward client at {Address} was refused ({Failure}): {Reason}")]
    private partial void LogUnauthorized(IPAddress? address, TokenFailure failure, string reason);

    [LoggerMessage(2433, LogLevel.Debug, "A forward client at {Address} was not admitted: {Reason}")]
    private partial void LogNotAdmitted(string address, string reason);
}
