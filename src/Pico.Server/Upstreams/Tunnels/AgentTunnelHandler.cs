using Microsoft.Extensions.Logging;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>
/// What an agent asks of this node on one tunnel: registrations become upstreams in the route table, and leave it again. Called by the
/// tunnel's reader, one call at a time; <see cref="Attach"/> comes before the first, <see cref="End"/> after the last.
/// </summary>
internal sealed partial class AgentTunnelHandler(RouteTable routes, TunnelAdmission admission, TimeProvider time, ILogger<AgentTunnelHandler> logger) : ITunnelHandler
{
    private TunnelRecord? _tunnel;
    private volatile bool _ended;

    /// <summary>Says which tunnel this is, before it starts.</summary>
    public void Attach(TunnelRecord tunnel) => _tunnel = tunnel;

    /// <inheritdoc/>
    public void OnOpen(TunnelStream stream, StreamOpen open) =>
        stream.Refuse(StreamError.ProtocolError, "An agent opens no streams on this port; clients use /pico/v1/forward of the proxy port.");

    /// <inheritdoc/>
    public void OnRegister(TunnelConnection tunnel, Registration registration)
    {
        var refusal = Register(tunnel, registration);
        tunnel.AnswerRegistration(registration.Id, refusal);
        if (refusal is null)
        {
            LogRegistered(tunnel.Remote.Name, tunnel.Remote.Id, registration.EndpointId, registration.Protocol);
            return;
        }

        if (admission.TellRefused(tunnel.Remote.Name, $"The endpoint '{registration.EndpointId}' was not registered: {refusal}") is { } untold)
            LogRefused(tunnel.Remote.Name, tunnel.Remote.Id, registration.EndpointId, refusal, untold);
    }

    /// <inheritdoc/>
    public void OnDeregister(TunnelConnection tunnel, uint registrationId)
    {
        if (_tunnel is null || !_tunnel.Upstreams.TryRemove(registrationId, out var upstream))
            return;

        routes.Withdraw(upstream);
        LogDeregistered(tunnel.Remote.Name, tunnel.Remote.Id, upstream.EndpointId);
    }

    /// <inheritdoc/>
    public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message)
    {
        LogGoAway(tunnel.Remote.Name, tunnel.Remote.Id, reason, message);
        WithdrawAll();
    }

    /// <summary>The tunnel is over, or about to close: nothing can be registered any more. Any thread, repeatedly.</summary>
    public void End()
    {
        _ended = true;
        WithdrawAll();
    }

    private string? Register(TunnelConnection tunnel, Registration registration)
    {
        if (_tunnel is null)
            return "The tunnel is not ready.";
        if (!EndpointId.IsValid(registration.EndpointId))
            return $"'{registration.EndpointId}' is no endpoint ID: {EndpointId.Rule}.";
        if (!Enum.IsDefined(registration.Protocol))
            return $"This node does not know the protocol {(byte)registration.Protocol}.";

        if (admission.JudgeRegistration(_tunnel, registration.EndpointId) is { } reason)
            return reason;

        var upstream = new LocalUpstream(tunnel, registration, time, admission.Streams, _tunnel.Share);
        if (!_tunnel.Upstreams.TryAdd(registration.Id, upstream))
            return $"The registration {registration.Id} exists already.";

        var refusal = _ended ? "The tunnel is closing." : routes.Add(upstream);
        if (refusal is not null)
            _tunnel.Upstreams.TryRemove(registration.Id, out _);
        else if (_ended)
            WithdrawAll(); // just now
        else
            refusal = JudgeAgain(_tunnel, registration.Id, upstream);
        return refusal;
    }

    // The owner may have changed just now, when whoever ends the registrations of others could not see this one yet.
    private string? JudgeAgain(TunnelRecord tunnel, uint id, LocalUpstream upstream)
    {
        if (admission.JudgeOwner(tunnel, upstream.EndpointId) is not { } reason || !tunnel.Upstreams.TryRemove(id, out _))
            return null;
        routes.Withdraw(upstream);
        return reason;
    }

    private void WithdrawAll()
    {
        if (_tunnel is null)
            return;

        foreach (var (id, upstream) in _tunnel.Upstreams)
        {
            if (_tunnel.Upstreams.TryRemove(id, out _))
                routes.Withdraw(upstream);
        }
    }

    [LoggerMessage(2301, LogLevel.Information, "Agent {Agent} ({AgentId}) registered {Endpoint} ({Protocol}).")]
    private partial void LogRegistered(string agent, string agentId, string endpoint, EndpointProtocol protocol);

    [LoggerMessage(2302, LogLevel.Warning, "Agent {Agent} ({AgentId}) may not register {Endpoint}: {Reason} (not logged before this: {Untold} refusals.)")]
    private partial void LogRefused(string agent, string agentId, string endpoint, string reason, int untold);

    [LoggerMessage(2303, LogLevel.Information, "Agent {Agent} ({AgentId}) withdrew {Endpoint}.")]
    private partial void LogDeregistered(string agent, string agentId, string endpoint);

    [LoggerMessage(2304, LogLevel.Information, "Agent {Agent} ({AgentId}) goes away and gets no new requests: {Reason}. {Message}")]
    private partial void LogGoAway(string agent, string agentId, TunnelError reason, string message);
}
