namespace Pico.Server.Auth;

/// <summary>
/// Which tokens (JWT, RFC 7519) one port accepts. Without any key the port asks for none. Several keys may be given at once, so that they
/// can be rotated; files are read again when they change.
/// </summary>
public sealed class TokenAuthOptions
{
    /// <summary>A shared secret for HS256, HS384 and HS512, as text: at least 32 bytes of UTF-8 (64 for HS512).</summary>
    public string Secret { get; set; } = "";

    /// <summary>Files with a shared secret each; white space at the end is ignored.</summary>
    public IReadOnlyList<string> SecretFiles { get; set; } = [];

    /// <summary>Public keys (RSA of at least 2048 bits, or EC on P-256, P-384, P-521) or certificates as PEM text; several may follow each other.</summary>
    public string PublicKey { get; set; } = "";

    /// <summary>Files with public keys or certificates as PEM, several in a file or several files.</summary>
    public IReadOnlyList<string> PublicKeyFiles { get; set; } = [];

    /// <summary>A file with a JSON Web Key Set (RFC 7517).</summary>
    public string JwksFile { get; set; } = "";

    /// <summary>An <c>https://</c> (or <c>http://</c>) URL of a JSON Web Key Set. Kept while the source is down.</summary>
    public string JwksUrl { get; set; } = "";

    /// <summary>The algorithms that are accepted; empty: all nine of HS, RS and ES with 256, 384 and 512 that a key fits.</summary>
    public IReadOnlyList<string> Algorithms { get; set; } = [];

    /// <summary>If set, the token's <c>iss</c> must be this.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>If set, the token's <c>aud</c> must contain this.</summary>
    public string Audience { get; set; } = "";

    /// <summary>How far clocks may differ when <c>exp</c> and <c>nbf</c> are judged. Default 30 s.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A token without the claim <c>pico.endpoints</c> permits nothing instead of everything. Default off.</summary>
    public bool RequireEndpoints { get; set; }

    /// <summary>True when any key was given: the port asks for a token.</summary>
    public bool IsEnabled =>
        Secret.Length > 0 || SecretFiles.Count > 0 || PublicKey.Length > 0 || PublicKeyFiles.Count > 0 || JwksFile.Length > 0 || JwksUrl.Length > 0;
}
