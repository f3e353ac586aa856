using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace Pico.Server.Auth.Minting;

/// <summary>
/// The private half that signs tokens: an RSA or EC key, or a shared secret. Its public half is read by the same parser as a server's keys, so
/// a key that a server would refuse is refused here.
/// </summary>
public sealed class SigningKey : IDisposable
{
    private const int RsaBits = 3072;

    private readonly AsymmetricAlgorithm? _pair;
    private readonly string? _secret;

    private SigningKey(AsymmetricAlgorithm? pair, string? secret)
    {
        _pair = pair;
        _secret = secret;
        PublicPem = pair?.ExportSubjectPublicKeyInfoPem();
        Verifying = secret is null ? KeyParser.Pem(PublicPem!)[0] : KeyParser.Secret(secret);
        DefaultAlgorithm = TokenAlgorithm.All.First(a => TokenAlgorithm.Fits(Verifying, a));
    }

    /// <summary>True for a shared secret: who can verify its tokens can also make them.</summary>
    public bool IsSecret => _secret is not null;

    /// <summary>The algorithm that the key is for when none is named: RS256, HS256, or the one of an EC key's curve.</summary>
    public string DefaultAlgorithm { get; }

    /// <summary>The public half for <c>…auth.public-key-files</c>; null for a shared secret.</summary>
    public string? PublicPem { get; }

    /// <summary>What is to be kept: PKCS #8 as PEM, or the secret's text, ended by a line feed.</summary>
    public string PrivateText => _secret is null ? _pair!.ExportPkcs8PrivateKeyPem() + "\n" : _secret + "\n";

    /// <summary>The key for the signature's verification.</summary>
    internal SecurityKey Verifying { get; }

    /// <summary>The key for signing.</summary>
    internal SecurityKey Signing => _pair switch
    {
        RSA rsa => new RsaSecurityKey(rsa),
        ECDsa ecdsa => new ECDsaSecurityKey(ecdsa),
        _ => Verifying,
    };

    /// <summary>Makes a key for <paramref name="algorithm"/> (one of <see cref="TokenAlgorithm.All"/>): RSA with 3072 bits, EC on the algorithm's curve, or as many random bytes as the hash has.</summary>
    public static SigningKey Generate(string algorithm) => algorithm switch
    {
        "HS256" => RandomSecret(32),
        "HS384" => RandomSecret(48),
        "HS512" => RandomSecret(64),
        "RS256" or "RS384" or "RS512" => new(RSA.Create(RsaBits), null),
        "ES256" => new(ECDsa.Create(ECCurve.NamedCurves.nistP256), null),
        "ES384" => new(ECDsa.Create(ECCurve.NamedCurves.nistP384), null),
        "ES512" => new(ECDsa.Create(ECCurve.NamedCurves.nistP521), null),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not one of the nine"),
    };

    /// <summary>
    /// Reads a private key (PEM) or a shared secret (any other text). Throws <see cref="FormatException"/> that says what is wrong without repeating a secret.
    /// </summary>
    public static SigningKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // What is meant as a PEM text is never taken for a secret: a public key as a secret would be one that everybody knows.
        if (!text.Contains("-----BEGIN", StringComparison.Ordinal))
            return text.TrimStart().StartsWith('{') ? throw new FormatException("this is a JSON document; a private key (PEM) or a shared secret is needed") : new(null, text.TrimEnd());
        if (!text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw new FormatException("there is no private key in it: signing needs a PEM block such as -----BEGIN PRIVATE KEY-----");
        if (text.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw new FormatException("the private key is encrypted; decrypt it first, as with 'openssl pkey -in FILE'");
        return Import(RSA.Create(), text) ?? Import(ECDsa.Create(), text) ?? throw new FormatException("the private key is neither RSA nor EC");
    }

    /// <summary>True if the key can sign <paramref name="algorithm"/>.</summary>
    public bool Fits(string algorithm) => TokenAlgorithm.Fits(Verifying, algorithm);

    /// <summary>
    /// The public half as a JSON Web Key Set for <c>…auth.jwks-file</c> or a web server; null for a shared secret. Without <paramref name="keyId"/> the key's ID is its thumbprint (RFC 7638).
    /// </summary>
    public string? Jwks(string keyId = "")
    {
        if (IsSecret)
            return null;
        var key = JsonWebKeyConverter.ConvertFromSecurityKey(Verifying);
        var shown = new JsonObject
        {
            ["kty"] = key.Kty,
            ["use"] = "sig",
            ["kid"] = string.IsNullOrEmpty(keyId) ? Base64UrlEncoder.Encode(key.ComputeJwkThumbprint()) : keyId,
        };
        foreach (var (name, value) in new[] { ("crv", key.Crv), ("x", key.X), ("y", key.Y), ("n", key.N), ("e", key.E) })
        {
            if (!string.IsNullOrEmpty(value))
                shown[name] = value;
        }

        return new JsonObject { ["keys"] = new JsonArray(shown) }.ToJsonString() + "\n";
    }

    /// <inheritdoc/>
    public void Dispose() => _pair?.Dispose();

    private static SigningKey RandomSecret(int bytes) => new(null, Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(bytes)));

    private static SigningKey? Import(AsymmetricAlgorithm pair, string pem)
    {
        try
        {
            pair.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            // A key of another kind.
            pair.Dispose();
            return null;
        }
        catch (ArgumentException e)
        {
            pair.Dispose();
            throw new FormatException("the PEM text must have exactly one private key, and no other keys", e);
        }

        return new(pair, null);
    }
}
