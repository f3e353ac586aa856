namespace Pico.Agent.Endpoints;

/// <summary>How the certificate of a TLS server is checked, by the one who connects to it.</summary>
public sealed record TlsSettings
{
    /// <summary>The system's authorities, and the name that was dialled.</summary>
    public static TlsSettings Default { get; } = new();

    /// <summary>A PEM file with the authorities that are trusted instead of the system's; read at every connect. Empty: the system's.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>The name that is sent (SNI) and that the certificate must bear. Empty: the host that is dialled.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Any certificate is taken: the traffic is encrypted, but the server may be anyone. Default false.</summary>
    public bool Insecure { get; init; }
}
