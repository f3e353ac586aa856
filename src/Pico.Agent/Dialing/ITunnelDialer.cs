using Pico.Tunnel;

namespace Pico.Agent.Dialing;

/// <summary>Connects to some server of those that are configured.</summary>
internal interface ITunnelDialer
{
    /// <summary>Gives a transport that is ready for the tunnel's handshake. Throws <see cref="TunnelException"/> with the reason in words.</summary>
    Task<TunnelTransport> DialAsync(CancellationToken cancellationToken);
}
