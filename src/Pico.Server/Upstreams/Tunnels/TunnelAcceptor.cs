using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Pico.Server.Auth;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Upstreams.Tunnels.Http;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Transports;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>
/// Accepts agents on the upstream port:
/// <code>
///   GET /pico/v1/tunnel ─1▶ token ─2▶ upgrade to WebSocket ─3▶ the request ends ─4▶ HELLO: admitted? ─5▶ registrations, streams ─6▶ end
/// </code>
/// The request lasts until the upgrade, the tunnel as long as the connection (<see cref="HttpPhase"/>).
/// </summary>
internal sealed partial class TunnelAcceptor(
    RouteTable routes, TunnelSet tunnels, TunnelAdmission admission, AuthGates auth, ServerOptions options, TimeProvider time, ILoggerFactory loggers)
{
    // How many registrations there may be is the handler's to say.
    private static readonly TunnelOptions Options = TunnelOptions.Default with { MaxRegistrations = int.MaxValue };

    private readonly ILogger _logger = loggers.CreateLogger<TunnelAcceptor>();

    /// <summary>Answers the request that a tunnel begins with.</summary>
    public async Task AcceptAsync(HttpContext context)
    {
        var token = await AuthenticateAsync(context); // 1
        if (token is null || await TunnelUpgrade.TryAcceptAsync(context) is null) // 2
            return;
        context.Features.GetRequiredFeature<HttpPhase>().Become(new TunnelOffer(token, TunnelUpgrade.AddressOf(context))); // 3
    }

    /// <summary>Serves the tunnel that a connection has become.</summary>
    public async Task ServeAsync(TunnelOffer offer, ConnectionContext connection)
    {
        var token = offer.Token;
        var transport = new WebSocketTransport(new PipeStream(connection.Transport), isClient: false, offer.RemoteAddress, connection.Abort);
        var handler = new AgentTunnelHandler(routes, admission, time, loggers.CreateLogger<AgentTunnelHandler>());
        var isAdmitted = false;
        try
        {
            var tunnel = await TunnelConnection.AcceptAsync( // 4
                transport, admission.Node.Hello(), Judge, handler, Options, time, _logger, connection.ConnectionClosed);
            connection.Features.Get<AgentHandshake>()?.Complete();
            await ServeAsync(tunnel, token, handler); // 5
        }
        catch (Exception exception) when (exception is TunnelException or OperationCanceledException)
        {
            LogNotAdmitted(transport.RemoteAddress, exception.Message);
        }
        finally
        {
            if (isAdmitted)
                admission.Leave(token);
        }

        TunnelEnd? Judge(TunnelHello agent)
        {
            var refusal = admission.Judge(agent, token);
            isAdmitted = refusal is null;
            return refusal;
        }
    }

    private async ValueTask<VerifiedToken?> AuthenticateAsync(HttpContext context)
    {
        if (!auth.Upstream.IsEnabled)
            return VerifiedToken.Anonymous;
        var result = await auth.Upstream.VerifyAsync(context.Request.Headers.Authorization, context.RequestAborted);
        if (result.IsValid)
            return result.Token;
        if (admission.TellRefused($"{context.Connection.RemoteIpAddress}", $"An agent's token was refused: {result.Reason}") is { } untold)
            LogUnauthorized(context.Connection.RemoteIpAddress, result.Failure, result.Reason, untold);
        await AuthProblems.WriteAsync(context, result);
        return null;
    }

    private async Task ServeAsync(TunnelConnection connection, VerifiedToken token, AgentTunnelHandler handler)
    {
        var tunnel = new TunnelRecord(connection, token, time.GetTimestamp(), handler.End, TokenShare.Of(token, time));
        var agent = connection.Remote;
        LogConnected(agent.Name, agent.Id, agent.Software, connection.RemoteAddress);
        using var ended = new CancellationTokenSource();
        await using (connection)
        {
            handler.Attach(tunnel);
            tunnels.Add(tunnel);
            try
            {
                connection.Start();
                if (admission.IsDraining) // since it was admitted
                    connection.GoAway(TunnelError.Draining, admission.Draining);
                var expiry = TokenExpiry.WatchAsync(tunnel, options.GracePeriod, time, ended.Token);
                var end = await connection.Completion; // 6
                LogEnded(agent.Name, agent.Id, connection.RemoteAddress, end.Error, end.Message);
                await ended.CancelAsync();
                await expiry;
            }
            finally
            {
                handler.End();
                tunnels.Remove(tunnel);
            }
        }
    }

    /// <summary>
    /// Tells the agents to go elsewhere; each tunnel closes when its last stream has ended. Streams that clients of this node still need can be
    /// opened until then.
    /// </summary>
    public void GoAway()
    {
        foreach (var tunnel in tunnels.All)
            tunnel.Connection.GoAway(TunnelError.Draining, admission.Draining);
    }

    /// <summary>Closes each tunnel when its last stream has ended, idle ones at once.</summary>
    public Task CloseAsync(CancellationToken patience) =>
        Task.WhenAll(tunnels.All.Select(tunnel => tunnel.FinishAsync(TunnelError.Draining, admission.Draining, patience)));

    [LoggerMessage(2311, LogLevel.Information, "Agent {Agent} ({AgentId}, {Software}) connected from {Address}.")]
    private partial void LogConnected(string agent, string agentId, string software, string address);

    [LoggerMessage(2312, LogLevel.Information, "The tunnel of agent {Agent} ({AgentId}) from {Address} ended: {Reason}. {Message}")]
    private partial void LogEnded(string agent, string agentId, string address, TunnelError reason, string message);

    [LoggerMessage(2313, LogLevel.Debug, "A tunnel from {Address} was not admitted: {Reason}")]
    private partial void LogNotAdmitted(string address, string reason);

    [LoggerMessage(2314, LogLevel.Warning, "An agent at {Address} was refused ({Failure}): {Reason} (not logged before this: {Untold} refusals.)")]
    private partial void LogUnauthorized(System.Net.IPAddress? address, TokenFailure failure, string reason, int untold);
}
