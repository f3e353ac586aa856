using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pico.Server.Hosting;

namespace Pico.Server.Cluster.Links;

/// <summary>
/// By what this node is known on peer links: a key and a certificate of its own, made at start, and gossiped as a hash (<see cref="Fingerprint"/>). Others accept
/// this certificate and no other; who signed it, whose name it bears and when it expires mean nothing.
/// </summary>
internal sealed class LinkIdentity : IDisposable
{
    private readonly X509Certificate2 _certificate;
    private readonly SslStreamCertificateContext _context;

    public LinkIdentity(NodeIdentity node, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName("pico node");
        name.AddOrganizationalUnitName(node.Id.Length <= 64 ? node.Id : node.Id[..64]);
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        var now = time.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(20));
        _context = SslStreamCertificateContext.Create(_certificate, additionalCertificates: null, offline: true);
        Fingerprint = FingerprintOf(_certificate);
    }

    /// <summary>The SHA-256 of the certificate, in hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>The SHA-256 of any certificate, in hexadecimal.</summary>
    public static string FingerprintOf(X509Certificate certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));

    /// <summary>How this node dials one whose certificate has the fingerprint <paramref name="expected"/>.</summary>
    public SslClientAuthenticationOptions ForDialing(string expected) => new()
    {
        TargetHost = "pico",
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        ClientCertificateContext = _context,
        AllowTlsResume = false, // each handshake proves the key
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && FingerprintOf(certificate) == expected,
    };

    /// <summary>How this node is dialled: the other's certificate must please <paramref name="isKnown"/>, which is given its fingerprint.</summary>
    public SslServerAuthenticationOptions ForListening(Func<string, bool> isKnown) => new()
    {
        ServerCertificateContext = _context,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && isKnown(FingerprintOf(certificate)),
    };

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();
}
