namespace Pico.Server.Hosting.Tls;

/// <summary>TLS on one port. All files are PEM and read again when they change.</summary>
public sealed class TlsOptions
{
    /// <summary>The port's certificate, followed by the intermediate ones that are sent with it. Empty: no TLS.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>The private key of <see cref="CertificateFile"/>, not encrypted.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>The authorities (roots) whose client certificates are valid. Empty: none.</summary>
    public string ClientCaFile { get; set; } = "";

    /// <summary>Whether clients are asked for a certificate. Default: they need one as soon as there is a <see cref="ClientCaFile"/>.</summary>
    public TlsClientAuth ClientAuth { get; set; }

    /// <summary>True if the port speaks TLS.</summary>
    internal bool IsEnabled => CertificateFile.Length > 0;

    /// <summary><see cref="ClientAuth"/> with <see cref="TlsClientAuth.Auto"/> decided.</summary>
    internal TlsClientAuth EffectiveClientAuth => ClientAuth switch
    {
        TlsClientAuth.Auto => ClientCaFile.Length > 0 ? TlsClientAuth.Require : TlsClientAuth.Off,
        var set => set,
    };
}
