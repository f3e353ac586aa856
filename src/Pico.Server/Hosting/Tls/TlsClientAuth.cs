namespace Pico.Server.Hosting.Tls;

/// <summary>Whether a port asks its clients for a certificate.</summary>
public enum TlsClientAuth
{
    /// <summary><see cref="Require"/> if there are authorities for it, else <see cref="Off"/>.</summary>
    Auto,

    /// <summary>Nobody is asked.</summary>
    Off,

    /// <summary>Everybody is asked. Who has none may enter; one that is given must be valid.</summary>
    Request,

    /// <summary>Nobody enters without a valid one.</summary>
    Require,
}
