using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pico.Tests.Certificates;

/// <summary>A certificate authority that only the tests trust: a root, or an intermediate one below <paramref name="issuer"/>.</summary>
internal sealed class TestAuthority(string name, TestAuthority? issuer = null) : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow().AddDays(-10);

    /// <summary>Its own certificate, with the key.</summary>
    public X509Certificate2 Certificate { get; } = Make(name, issuer?.Certificate, isAuthority: true, [], Start.AddDays(40));

    /// <summary>Makes a certificate for a server and client called <paramref name="name"/>, also at 127.0.0.1; it ends in a month unless said otherwise.</summary>
    public X509Certificate2 Issue(string name, DateTimeOffset? notAfter = null, bool forClients = true) =>
        Make(name, Certificate, isAuthority: false, forClients ? [ServerUse, ClientUse] : [ServerUse], notAfter ?? Start.AddDays(35));

    /// <summary>Writes certificates one after the other into a file of <paramref name="folder"/>.</summary>
    public static string WriteChain(string folder, string file, params X509Certificate2[] chain)
    {
        var path = Path.Combine(folder, file);
        File.WriteAllLines(path, chain.Select(c => c.ExportCertificatePem()));
        return path;
    }

    /// <summary>Writes the key of <paramref name="certificate"/> into a file of <paramref name="folder"/>.</summary>
    public static string WriteKey(string folder, string file, X509Certificate2 certificate)
    {
        var path = Path.Combine(folder, file);
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(path, key.ExportPkcs8PrivateKeyPem());
        return path;
    }

    public void Dispose() => Certificate.Dispose();

    private static X509Certificate2 Make(string name, X509Certificate2? issuer, bool isAuthority, string[] uses, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses.Select(u => new Oid(u))], true));
        }

        if (issuer is null)
            return request.CreateSelfSigned(Start, notAfter);
        using var certificate = request.Create(issuer, Start, notAfter, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
