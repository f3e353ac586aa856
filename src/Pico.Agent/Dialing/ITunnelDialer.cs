using Pico.Tunnel;

namespace Pico.Agent.Dialing;

/// <summary>Connects to some server of those that are configured.</summary>
internal interface ITunnelDialer
{
    /// <summary>Reads the credential as it is now. Throws <see cref="TunnelException"/> when there is none.</summary>
    Task<Credential> ReadCredentialAsync(CancellationToken cancellationToken);

    /// <summary>Gives a transport that is ready for the tunnel's handshake. Throws <see cref="TunnelException"/> with the reason in words.</summary>
    Task<DialedTransport> DialAsync(Credential credential, CancellationToken cancellationToken);

    /// <summary>Dials with the credential as it is now.</summary>
    Task<DialedTransport> DialAsync(CancellationToken cancellationToken);
}

/// <summary>A transport to a server that took the credential.</summary>
internal readonly record struct DialedTransport(TunnelTransport Transport, Credential Credential);
