using System.Diagnostics;
using System.Net;
using Pico.Server.Limits;
using Pico.Server.Proxy;
using Pico.Server.Upstreams.Tunnels;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>An upstream whose tunnel ends at this node. <paramref name="share"/> is what the agent's token lets through the tunnel; null: everything.</summary>
internal sealed class LocalUpstream(TunnelConnection tunnel, Registration registration, TimeProvider time, StreamCap? cap = null, TokenShare? share = null)
    : Upstream(registration.EndpointId, registration.Protocol, time)
{
    // Requests over HTTP share their streams between clients and say nothing of them: one message for all of those opens.
    private readonly StreamOpen _anonymous = new() { RegistrationId = registration.Id, Protocol = registration.Protocol };

    /// <summary>The tunnel behind which the service is.</summary>
    public TunnelConnection Tunnel { get; } = tunnel;

    /// <summary>The agent's number for this upstream.</summary>
    public uint RegistrationId { get; } = registration.Id;

    /// <inheritdoc/>
    public override bool IsOpen => base.IsOpen && Tunnel.IsOpen;

    /// <inheritdoc/>
    public override string AgentName => Tunnel.Remote.Name;

    /// <inheritdoc/>
    public override string AgentId => Tunnel.Remote.Id;

    /// <inheritdoc/>
    public override string Description => $"agent {Tunnel.Remote.Name} ({Tunnel.Remote.Id}) at {Tunnel.RemoteAddress}";

    /// <inheritdoc/>
    public override ValueTask<TunnelStream> OpenAsync(IPEndPoint? client, ActivityContext trace, CancellationToken cancellationToken)
    {
        cap?.Check(Tunnel);
        return Tunnel.OpenAsync(client is null ? _anonymous : _anonymous with { ClientAddress = client }, cancellationToken);
    }

    /// <inheritdoc/>
    public override ProxyError BeginRequest()
    {
        var error = share?.Enter() ?? ProxyError.None;
        return error == ProxyError.None ? base.BeginRequest() : error;
    }

    /// <inheritdoc/>
    public override void EndRequest()
    {
        base.EndRequest();
        share?.Exit();
    }
}
