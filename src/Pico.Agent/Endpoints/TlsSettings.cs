namespace Pico.Agent.Endpoints;

/// <summary>TLS as the one who connects sees it: how the server's certificate is checked, and what is shown to it.</summary>
public sealed record TlsSettings
{
    /// <summary>The system's authorities, and the name that was dialled.</summary>
    public static TlsSettings Default { get; } = new();

    /// <summary>A PEM file with the authorities that are trusted instead of the system's; read at every connect. Empty: the system's.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>A PEM file with the certificate that is shown to a server that asks for one, and the intermediate ones after it; read at every connect. Empty: none.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>The private key (PEM, not encrypted) of <see cref="CertificateFile"/>.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>The name that is sent (SNI) and that the certificate must bear. Empty: the host that is dialled.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Any certificate is taken: the traffic is encrypted, but the server may be anyone. Default false.</summary>
    public bool Insecure { get; init; }

    /// <summary>What does not fit together, in words; null when nothing is wrong.</summary>
    public string? Problem => CertificateFile.Length > 0 == KeyFile.Length > 0 ? null : "a client certificate and its key are given together or not at all";
}
