using Pico.Tunnel;

namespace Pico.Agent.Dialing;

/// <summary>Connects to some server of those that are configured.</summary>
internal interface ITunnelDialer
{
    /// <summary>Gives a transport that is ready for the tunnel's handshake. Throws <see cref="TunnelException"/> with the reason in words.</summary>
    Task<DialedTransport> DialAsync(CancellationToken cancellationToken);

    /// <summary>Completes when there is another credential than the one that was read last.</summary>
    Task CredentialReplaced { get; }
}

/// <summary>A transport to a server that took the credential.</summary>
internal readonly record struct DialedTransport(TunnelTransport Transport, Credential Credential);
