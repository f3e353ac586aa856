namespace Pico.IntegrationTests.Fixtures;

/// <summary>A certificate authority made with openssl, in a folder of the test.</summary>
internal sealed class CertificateAuthority
{
    private readonly TempFolder _folder;
    private readonly CertificateFiles _files;

    private CertificateAuthority(TempFolder folder, CertificateFiles files) => (_folder, _files) = (folder, files);

    /// <summary>Its own certificate.</summary>
    public string File => _files.Certificate;

    /// <summary>Makes a root, or an authority below <paramref name="issuer"/>.</summary>
    public static async Task<CertificateAuthority> MakeAsync(TempFolder folder, string name, CertificateAuthority? issuer = null) =>
        new(folder, await RequestAsync(folder, name, issuer, "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"));

    /// <summary>Makes a certificate for a server and client, good for 127.0.0.1 and for <paramref name="name"/> as a host.</summary>
    public Task<CertificateFiles> IssueAsync(string name) =>
        RequestAsync(_folder, name, this, "basicConstraints=critical,CA:FALSE", $"subjectAltName=DNS:{name},IP:127.0.0.1", "extendedKeyUsage=serverAuth,clientAuth");

    private static async Task<CertificateFiles> RequestAsync(TempFolder folder, string name, CertificateAuthority? issuer, params string[] extensions)
    {
        var files = new CertificateFiles(folder.File($"{name}.pem"), folder.File($"{name}.key"));
        string[] by = issuer is null ? [] : ["-CA", issuer._files.Certificate, "-CAkey", issuer._files.Key];
        (await Command.RunAsync(
            Tool.OpenSsl,
            [
                "req", "-x509", .. by, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", $"/CN={name}",
                "-config", "/dev/null", .. extensions.SelectMany(e => new[] { "-addext", e }), "-keyout", files.Key, "-out", files.Certificate,
            ])).Succeeded();
        return files;
    }
}
