using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pico.Server.Hosting.Tls;

/// <summary>What the files of <see cref="TlsOptions"/> held at one moment.</summary>
/// <param name="Certificate">The certificate with its key and the intermediate ones.</param>
/// <param name="ClientPolicy">How clients' certificates are verified; null if nobody is asked for one.</param>
internal sealed record TlsMaterial(SslStreamCertificateContext Certificate, X509ChainPolicy? ClientPolicy)
{
    /// <summary>When the first of the certificates that are sent expires.</summary>
    public DateTimeOffset NotAfter { get; } = Certificate.IntermediateCertificates.Append(Certificate.TargetCertificate).Min(c => c.NotAfter.ToUniversalTime());

    /// <summary>From when on the certificate is valid.</summary>
    public DateTimeOffset NotBefore { get; } = Certificate.TargetCertificate.NotBefore.ToUniversalTime();

    /// <summary>
    /// Reads what the files say, or adds everything that is wrong with them; <paramref name="prefix"/> is the options' prefix, such as <c>proxy.tls</c>.
    /// </summary>
    public static TlsMaterial? Parse(TlsOptions options, TlsFiles files, string prefix, ICollection<OptionError> errors)
    {
        var before = errors.Count;
        var chain = Certificates(files.Certificate);
        if (chain is null)
            errors.Add(new($"{prefix}.certificate-file", options.CertificateFile, "a file with the port's certificate, and the intermediate ones after it (PEM)"));
        var authorities = files.ClientCa is null ? null : Certificates(files.ClientCa);
        if (files.ClientCa is not null && authorities is null)
            errors.Add(new($"{prefix}.client-ca-file", options.ClientCaFile, "a file with the certificates of the clients' authorities (PEM)"));
        var certificate = chain is null ? null : WithKey(files);
        if (chain is not null && certificate is null)
            errors.Add(new($"{prefix}.key-file", options.KeyFile, $"the private key (PEM, not encrypted) of the certificate in '{options.CertificateFile}'"));
        if (errors.Count > before)
            return null;

        // The names of the authorities are sent, so that clients with several certificates can choose.
        var trust = authorities is null ? null : SslCertificateTrust.CreateForX509Collection(authorities, sendTrustInHandshake: true);
        return new(SslStreamCertificateContext.Create(certificate!, chain, offline: true, trust), authorities is null ? null : Policy(authorities));
    }

    private static X509Certificate2Collection? Certificates(string pem)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
            return certificates.Count > 0 ? certificates : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static X509Certificate2? WithKey(TlsFiles files)
    {
        try
        {
            return X509Certificate2.CreateFromPem(files.Certificate, files.Key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    // Nothing is fetched on the word of a certificate that a stranger shows.
    private static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
