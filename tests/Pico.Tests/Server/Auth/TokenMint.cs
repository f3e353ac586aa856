using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Pico.Tests.Server.Auth;

/// <summary>Keys made for the tests, and tokens signed by them.</summary>
internal static class TokenMint
{
    public static readonly string Secret = Convert.ToHexString(RandomNumberGenerator.GetBytes(64));

    public static readonly RSA Rsa = RSA.Create(2048);

    public static readonly Dictionary<string, ECDsa> Curves = new()
    {
        ["ES256"] = ECDsa.Create(ECCurve.NamedCurves.nistP256),
        ["ES384"] = ECDsa.Create(ECCurve.NamedCurves.nistP384),
        ["ES512"] = ECDsa.Create(ECCurve.NamedCurves.nistP521),
    };

    public static string PublicKeys => Rsa.ExportSubjectPublicKeyInfoPem() + "\n" + string.Join("\n", Curves.Values.Select(c => c.ExportSubjectPublicKeyInfoPem()));

    public static SecurityKey SigningKey(string algorithm) => algorithm[..2] switch
    {
        "HS" => new SymmetricSecurityKey(System.Text.Encoding.UTF8.GetBytes(Secret)),
        "RS" => new RsaSecurityKey(Rsa),
        _ => new ECDsaSecurityKey(Curves[algorithm]),
    };

    public static string Create(
        string algorithm, DateTimeOffset now, object? pico = null, TimeSpan? lifetime = null, TimeSpan? validAfter = null, string? issuer = null, string? audience = null, SecurityKey? key = null, string? keyId = null, bool withSubject = true)
    {
        key ??= SigningKey(algorithm);
        key.KeyId = keyId;
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            NotBefore = (now + (validAfter ?? TimeSpan.Zero)).UtcDateTime,
            IssuedAt = now.UtcDateTime,
            Expires = (now + (lifetime ?? TimeSpan.FromHours(1))).UtcDateTime,
            Claims = withSubject ? new Dictionary<string, object> { ["sub"] = "tests" } : [],
            SigningCredentials = new SigningCredentials(key, algorithm) { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } },
        };
        if (pico is not null)
            descriptor.Claims["pico"] = System.Text.Json.JsonSerializer.SerializeToElement(pico);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }
}
