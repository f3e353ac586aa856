namespace Pico.IntegrationTests.Fixtures;

/// <summary>A certificate and its key, as PEM files.</summary>
internal sealed record CertificateFiles(string Certificate, string Key);

/// <summary>Makes certificates with openssl.</summary>
internal static class Certificates
{
    /// <summary>Makes a certificate for <paramref name="name"/> that signs itself.</summary>
    public static async Task<CertificateFiles> MakeAsync(TempFolder folder, string name)
    {
        var files = new CertificateFiles(folder.File($"{name}.pem"), folder.File($"{name}.key"));
        (await Command.RunAsync(
            Tool.OpenSsl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", $"/CN={name}", "-addext", $"subjectAltName=DNS:{name},IP:127.0.0.1", "-keyout", files.Key, "-out", files.Certificate)).Succeeded();
        return files;
    }
}
