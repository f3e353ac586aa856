using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Pico.Server.Auth;

/// <summary>Reads verification keys. Pure: text in, keys out. Throws <see cref="FormatException"/> that says what is wrong without repeating a secret.</summary>
internal static class KeyParser
{
    private const int MinSecretBytes = 32;
    private const int MinRsaBits = 2048;

    /// <summary>A shared secret.</summary>
    public static SecurityKey Secret(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text.TrimEnd());
        if (bytes.Length < MinSecretBytes)
            throw new FormatException($"the secret has {bytes.Length} bytes; at least {MinSecretBytes} are needed (RFC 7518, section 3.2)");
        return new SymmetricSecurityKey(bytes);
    }

    /// <summary>Every public key and certificate in a PEM text.</summary>
    public static IReadOnlyList<SecurityKey> Pem(string text)
    {
        var keys = new List<SecurityKey>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            var label = rest[fields.Label].ToString();
            var block = rest[fields.Location].ToString();
            keys.Add(label switch
            {
                "PUBLIC KEY" or "RSA PUBLIC KEY" or "EC PUBLIC KEY" => PublicKey(block),
                "CERTIFICATE" => Certificate(block),
                _ => throw new FormatException($"the PEM text has a {label}; a server needs PUBLIC KEY or CERTIFICATE blocks only"),
            });
            rest = rest[fields.Location.End..];
        }

        return keys.Count > 0 ? keys : throw new FormatException("there is no PEM block such as -----BEGIN PUBLIC KEY-----");
    }

    /// <summary>
    /// Every signature key of a JSON Web Key Set; keys for other uses are left out. So are those that cannot be used here: <paramref name="skipped"/> is told of each, and the others hold.
    /// </summary>
    public static IReadOnlyList<SecurityKey> Jwks(string json, ICollection<string> skipped)
    {
        JsonWebKeySet set;
        try
        {
            set = new JsonWebKeySet(json);
        }
        catch (Exception e) when (e is ArgumentException or System.Text.Json.JsonException)
        {
            throw new FormatException("this is no JSON Web Key Set (RFC 7517): an object with an array 'keys'", e);
        }

        var keys = new List<SecurityKey>();
        // A key that names an algorithm for encryption, say, is none for signatures, also without 'use'.
        foreach (var key in set.Keys.Where(k => (k.Use is null or "" or "sig") && (string.IsNullOrEmpty(k.Alg) || TokenAlgorithm.All.Contains(k.Alg))))
        {
            try
            {
                keys.Add(Key(key));
            }
            catch (Exception e) when (e is FormatException or ArgumentException or CryptographicException or NotSupportedException or SecurityTokenException)
            {
                skipped.Add($"the key '{key.KeyId}' is left out: {(e is FormatException ? e.Message : "it is malformed")}");
            }
        }

        return keys.Count > 0 ? keys : throw new FormatException(
            skipped.Count > 0 ? $"the JSON Web Key Set has no key that can be used: {string.Join("; ", skipped)}" : "the JSON Web Key Set has no key for signatures (kty RSA, EC or oct)");
    }

    private static SecurityKey Key(JsonWebKey key)
    {
        if (!JsonWebKeyConverter.TryConvertToSecurityKey(key, out var converted) || converted is not (RsaSecurityKey or ECDsaSecurityKey or SymmetricSecurityKey))
            throw new FormatException($"its kind is not supported (kty '{key.Kty}'{(string.IsNullOrEmpty(key.Crv) ? "" : $", crv '{key.Crv}'")}); it may be RSA, EC on P-256, P-384 or P-521, or oct");
        converted.KeyId = key.KeyId;
        return Checked(converted);
    }

    private static SecurityKey PublicKey(string pem)
    {
        try
        {
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return Checked(new RsaSecurityKey(rsa));
        }
        catch (CryptographicException)
        {
            return Checked(EllipticCurve(pem));
        }
    }

    private static ECDsaSecurityKey EllipticCurve(string pem)
    {
        try
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(pem);
            return new ECDsaSecurityKey(ecdsa);
        }
        catch (CryptographicException e)
        {
            throw new FormatException("a PEM block is neither an RSA nor an EC public key", e);
        }
    }

    private static SecurityKey Certificate(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        if (certificate.GetRSAPublicKey() is { } rsa)
            return Checked(new RsaSecurityKey(rsa));
        return certificate.GetECDsaPublicKey() is { } ecdsa
            ? Checked(new ECDsaSecurityKey(ecdsa))
            : throw new FormatException("a certificate has neither an RSA nor an EC key");
    }

    private static SecurityKey Checked(SecurityKey key) => key switch
    {
        RsaSecurityKey { KeySize: < MinRsaBits } => throw new FormatException($"an RSA key has {key.KeySize} bits; at least {MinRsaBits} are needed"),
        ECDsaSecurityKey when key.KeySize is not (256 or 384 or 521) => throw new FormatException($"an EC key is on a curve of {key.KeySize} bits; P-256, P-384 or P-521 is needed"),
        SymmetricSecurityKey { KeySize: < MinSecretBytes * 8 } => throw new FormatException($"a shared secret has {key.KeySize / 8} bytes; at least {MinSecretBytes} are needed"),
        _ => key,
    };
}
