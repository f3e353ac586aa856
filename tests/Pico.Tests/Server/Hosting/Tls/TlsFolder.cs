using System.Security.Cryptography.X509Certificates;
using Pico.Server.Hosting.Tls;
using Pico.Tests.Certificates;

namespace Pico.Tests.Server.Hosting.Tls;

/// <summary>A folder with the files of <see cref="TlsOptions"/>.</summary>
internal sealed class TlsFolder : IDisposable
{
    private readonly TestFolder _folder = new();

    public string Path => _folder.Path;

    public string CertificateFile => System.IO.Path.Combine(Path, "tls.crt");

    public string KeyFile => System.IO.Path.Combine(Path, "tls.key");

    public string ClientCaFile => System.IO.Path.Combine(Path, "ca.crt");

    /// <summary>Writes the port's certificate and its key, and intermediate ones.</summary>
    public void Write(X509Certificate2 certificate, params X509Certificate2[] intermediates)
    {
        TestAuthority.WriteChain(Path, "tls.crt", [certificate, .. intermediates]);
        TestAuthority.WriteKey(Path, "tls.key", certificate);
    }

    /// <summary>Writes the authorities of clients.</summary>
    public void WriteClientCa(params X509Certificate2[] authorities) => TestAuthority.WriteChain(Path, "ca.crt", authorities);

    /// <summary>Sets the files that exist.</summary>
    public void Set(TlsOptions options)
    {
        (options.CertificateFile, options.KeyFile) = (CertificateFile, KeyFile);
        if (File.Exists(ClientCaFile))
            options.ClientCaFile = ClientCaFile;
    }

    public void Dispose() => _folder.Dispose();
}
