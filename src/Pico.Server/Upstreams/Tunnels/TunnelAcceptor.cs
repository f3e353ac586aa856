using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>
/// Accepts agents on the upstream port:
/// <code>
///   GET /pico/v1/tunnel ─1▶ upgrade to WebSocket ─2▶ HELLO: admitted? ─3▶ registrations, streams ─4▶ end
/// </code>
/// The request lasts as long as the tunnel.
/// </summary>
internal sealed partial class TunnelAcceptor(
    RouteTable routes, TunnelSet tunnels, NodeIdentity node, NodeLifecycle lifecycle, UpstreamOptions options, TimeProvider time, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger<TunnelAcceptor>();

    /// <summary>Serves one tunnel.</summary>
    public async Task AcceptAsync(HttpContext context)
    {
        var transport = await TunnelUpgrade.AcceptAsync(context); // 1
        if (transport is null)
            return;

        var handler = new AgentTunnelHandler(routes, time, loggers.CreateLogger<AgentTunnelHandler>());
        TunnelConnection connection;
        try
        {
            connection = await TunnelConnection.AcceptAsync( // 2
                transport, node.Hello(), Admit, handler, TunnelOptions.Default, time, _logger, context.RequestAborted);
        }
        catch (Exception exception) when (exception is TunnelException or OperationCanceledException)
        {
            LogNotAdmitted(transport.RemoteAddress, exception.Message);
            return;
        }

        await ServeAsync(connection, handler); // 3
    }

    private string Draining => $"The node {node.Id} is draining.";

    private async Task ServeAsync(TunnelConnection connection, AgentTunnelHandler handler)
    {
        var tunnel = new TunnelRecord(connection, time.GetTimestamp());
        var agent = connection.Remote;
        LogConnected(agent.Name, agent.Id, agent.Software, connection.RemoteAddress);
        await using (connection)
        {
            handler.Attach(tunnel);
            tunnels.Add(tunnel);
            try
            {
                connection.Start();
                if (lifecycle.IsDraining) // since it was admitted
                    connection.GoAway(TunnelError.Draining, Draining);
                var end = await connection.Completion; // 4
                LogEnded(agent.Name, agent.Id, connection.RemoteAddress, end.Error, end.Message);
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
            tunnel.Connection.GoAway(TunnelError.Draining, Draining);
    }

    /// <summary>Closes each tunnel when its last stream has ended, idle ones at once.</summary>
    public async Task CloseAsync(CancellationToken patience)
    {
        foreach (var tunnel in tunnels.All)
        {
            foreach (var (_, upstream) in tunnel.Upstreams)
                upstream.Withdraw();
        }

        await Task.WhenAll(tunnels.All.Select(async tunnel =>
        {
            await tunnel.Connection.WhenIdleAsync(patience);
            await tunnel.Connection.CloseAsync(TunnelError.Draining, Draining);
        }));
    }

    private TunnelEnd? Admit(TunnelHello agent)
    {
        if (lifecycle.IsDraining)
            return new TunnelEnd(TunnelError.Draining, Draining);
        if (options.MaxTunnels != 0 && tunnels.Count >= options.MaxTunnels)
            return new TunnelEnd(TunnelError.TooManyTunnels, $"The node {node.Id} has {options.MaxTunnels} tunnels and takes no more.");
        if (!agent.AcceptsDuplicate && agent.HeldNodes.Contains(node.Id, StringComparer.Ordinal))
            return new TunnelEnd(TunnelError.Duplicate, $"The agent already holds a tunnel to the node {node.Id}.");
        return null;
    }

    [LoggerMessage(2311, LogLevel.Information, "Agent {Agent} ({AgentId}, {Software}) connected from {Address}.")]
    private partial void LogConnected(string agent, string agentId, string software, string address);

    [LoggerMessage(2312, LogLevel.Information, "The tunnel of agent {Agent} ({AgentId}) from {Address} ended: {Reason}. {Message}")]
    private partial void LogEnded(string agent, string agentId, string address, TunnelError reason, string message);

    [LoggerMessage(2313, LogLevel.Debug, "A tunnel from {Address} was not admitted: {Reason}")]
    private partial void LogNotAdmitted(string address, string reason);
}
