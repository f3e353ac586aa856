namespace Pico.Server.Hosting.Tls;

/// <summary>The content of the files of <see cref="TlsOptions"/>; equal when nothing has changed, also behind the symbolic links of a mounted Secret.</summary>
internal sealed record TlsFiles(string Certificate, string Key, string? ClientCa)
{
    /// <summary>Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
    public static TlsFiles Read(TlsOptions options) => new(
        File.ReadAllText(options.CertificateFile),
        File.ReadAllText(options.KeyFile),
        options.EffectiveClientAuth == TlsClientAuth.Off ? null : File.ReadAllText(options.ClientCaFile));
}
