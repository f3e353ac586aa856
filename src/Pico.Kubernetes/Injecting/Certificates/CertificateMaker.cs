using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pico.Kubernetes.Injecting.Certificates;

/// <summary>
/// Makes the webhook's certificate and the authority behind it, and decides when to make new ones: at two thirds of their life, when names are missing, or when
/// what there is cannot be used. A new authority stands before the old one, so that both are trusted while the certificate is exchanged.
/// </summary>
internal static class CertificateMaker
{
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);

    // Clocks differ.
    private static readonly TimeSpan Early = TimeSpan.FromHours(1);

    /// <summary>What should be instead of <paramref name="current"/>; null if it is good.</summary>
    public static CertificateBundle? Next(CertificateBundle? current, IReadOnlyList<string> names, DateTimeOffset now, TimeSpan lifetime)
    {
        using var authority = TryLoad(current?.Authorities, current?.AuthorityKey);
        if (current is null || authority is null || IsOld(authority, now))
        {
            using var next = MakeAuthority(now);
            var before = authority is not null && authority.NotAfter.ToUniversalTime() > now ? authority.ExportCertificatePem() + "\n" : "";
            return Issue(next, next.ExportCertificatePem() + "\n" + before, names, now, lifetime);
        }

        using var certificate = TryLoad(current.Certificate, current.Key);
        return certificate is null || IsOld(certificate, now) || !names.All(n => certificate.MatchesHostname(n)) || certificate.Issuer != authority.Subject
            ? Issue(authority, current.Authorities, names, now, lifetime)
            : null;
    }

    private static CertificateBundle Issue(X509Certificate2 authority, string authorities, IReadOnlyList<string> names, DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
            alternatives.AddDnsName(name);
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)); // TLS server
        using var certificate = request.Create(authority, now - Early, now + lifetime, RandomNumberGenerator.GetBytes(16));
        return new CertificateBundle(
            authorities, authority.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n", certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static X509Certificate2 MakeAuthority(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The name tells one authority from the next.
        var request = new CertificateRequest($"CN=pico-webhook-ca-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(now - Early, now + AuthorityLifetime);
    }

    private static bool IsOld(X509Certificate2 certificate, DateTimeOffset now)
    {
        var (from, to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        return now.UtcDateTime > from + ((to - from) * 2 / 3);
    }

    private static X509Certificate2? TryLoad(string? certificate, string? key)
    {
        try
        {
            return certificate is null || key is null ? null : X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}
