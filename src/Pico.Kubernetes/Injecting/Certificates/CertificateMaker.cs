using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pico.Kubernetes.Injecting.Certificates;

/// <summary>
/// Makes the webhook's certificate and the authority behind it, and decides when to make new ones: at two thirds of their life, when names are missing, or when
/// what there is cannot be used or is gone. A new authority stands before the old one, so that both are trusted while the certificate is exchanged.
/// </summary>
internal static class CertificateMaker
{
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);

    // Clocks differ; but what lives shortly must not be old when it is made.
    private static readonly TimeSpan MaxEarly = TimeSpan.FromHours(1);
    private const int EarlyPart = 20;

    // The one before, and one more for a change that was interrupted.
    private const int MaxBefore = 2;

    /// <summary>What should be instead of <paramref name="current"/>; null if it is good.</summary>
    /// <param name="current">What there is.</param>
    /// <param name="trusted">The authorities (PEM) that are trusted now; of one whose key is gone, too, certificates may still be served. Null: none.</param>
    /// <param name="names">The certificate's names.</param>
    /// <param name="now">The time.</param>
    /// <param name="lifetime">How long the certificate is valid.</param>
    public static CertificateBundle? Next(CertificateBundle? current, string? trusted, IReadOnlyList<string> names, DateTimeOffset now, TimeSpan lifetime)
    {
        using var authority = TryLoad(current?.Authorities, current?.AuthorityKey);
        if (current is null || authority is null || IsOld(authority, now))
        {
            using var next = MakeAuthority(now);
            return Issue(next, next.ExportCertificatePem() + "\n" + StillTrusted(current?.Authorities ?? trusted, now), names, now, lifetime);
        }

        using var certificate = TryLoad(current.Certificate, current.Key);
        return certificate is null || IsOld(certificate, now) || !names.All(n => certificate.MatchesHostname(n)) || certificate.Issuer != authority.Subject
            ? Issue(authority, current.Authorities, names, now, lifetime)
            : null;
    }

    /// <summary>When the certificate should be replaced.</summary>
    public static DateTimeOffset ReplaceAt(CertificateBundle bundle)
    {
        using var certificate = X509Certificate2.CreateFromPem(bundle.Certificate);
        return ReplaceAt(certificate);
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
        using var certificate = request.Create(authority, now - Early(lifetime), now + lifetime, RandomNumberGenerator.GetBytes(16));
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
        return request.CreateSelfSigned(now - Early(AuthorityLifetime), now + AuthorityLifetime);
    }

    private static TimeSpan Early(TimeSpan lifetime) => lifetime / EarlyPart < MaxEarly ? lifetime / EarlyPart : MaxEarly;

    private static bool IsOld(X509Certificate2 certificate, DateTimeOffset now) => now > ReplaceAt(certificate);

    private static DateTimeOffset ReplaceAt(X509Certificate2 certificate)
    {
        var (from, to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        return new DateTimeOffset(from + ((to - from) * 2 / 3));
    }

    private static string StillTrusted(string? authorities, DateTimeOffset now)
    {
        var before = new X509Certificate2Collection();
        try
        {
            before.ImportFromPem(authorities);
        }
        catch (CryptographicException)
        {
            return ""; // Nothing that could be trusted.
        }

        return string.Concat(before.Where(a => a.NotAfter.ToUniversalTime() > now).Take(MaxBefore).Select(a => a.ExportCertificatePem() + "\n"));
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
