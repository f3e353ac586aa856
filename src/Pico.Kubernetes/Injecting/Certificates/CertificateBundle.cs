using System.Text;
using k8s.Models;

namespace Pico.Kubernetes.Injecting.Certificates;

/// <summary>What the controller's Secret holds, all of it PEM.</summary>
/// <param name="Authorities">The authority in use, and the one before while it may still be met.</param>
/// <param name="AuthorityKey">The private key of the first authority.</param>
/// <param name="Certificate">The webhook's certificate.</param>
/// <param name="Key">Its private key.</param>
internal sealed record CertificateBundle(string Authorities, string AuthorityKey, string Certificate, string Key)
{
    private const string AuthoritiesName = "ca.crt";
    private const string AuthorityKeyName = "ca.key";
    private const string CertificateName = "tls.crt";
    private const string KeyName = "tls.key";

    /// <summary>Null if the Secret does not have everything.</summary>
    public static CertificateBundle? Of(V1Secret? secret) =>
        Read(secret, AuthoritiesName) is { } authorities && Read(secret, AuthorityKeyName) is { } authorityKey
        && Read(secret, CertificateName) is { } certificate && Read(secret, KeyName) is { } key
            ? new CertificateBundle(authorities, authorityKey, certificate, key)
            : null;

    public Dictionary<string, byte[]> ToData() => new(StringComparer.Ordinal)
    {
        [AuthoritiesName] = Encoding.ASCII.GetBytes(Authorities),
        [AuthorityKeyName] = Encoding.ASCII.GetBytes(AuthorityKey),
        [CertificateName] = Encoding.ASCII.GetBytes(Certificate),
        [KeyName] = Encoding.ASCII.GetBytes(Key),
    };

    private static string? Read(V1Secret? secret, string name) =>
        secret?.Data is { } data && data.TryGetValue(name, out var value) && value.Length > 0 ? Encoding.ASCII.GetString(value) : null;
}
