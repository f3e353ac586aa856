using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Pico.Tests.Server.Auth.Issuers;

/// <summary>A cluster's issuer of ServiceAccount tokens: a key, its JSON Web Key Set, and tokens as the API server makes them.</summary>
internal sealed class Accounts(string keyId, string issuer = "https://kubernetes.default.svc.cluster.local")
{
    private readonly RSA _key = RSA.Create(2048);

    /// <summary>The key as it stands in a set.</summary>
    public string Key
    {
        get
        {
            var key = _key.ExportParameters(false);
            return $$"""{"kty":"RSA","use":"sig","alg":"RS256","kid":"{{keyId}}","n":"{{Base64Url.EncodeToString(key.Modulus)}}","e":"{{Base64Url.EncodeToString(key.Exponent)}}"}""";
        }
    }

    public string Jwks => Set(Key);

    public static string Set(params IEnumerable<string> keys) => $$"""{"keys":[{{string.Join(',', keys)}}]}""";

    /// <summary>A token of the account <c>app</c>; <paramref name="namespace"/> null: one without the claim of Kubernetes.</summary>
    public string Token(DateTimeOffset now, string? @namespace, string audience = "pico")
    {
        var claims = new Dictionary<string, object> { ["sub"] = $"system:serviceaccount:{@namespace}:app" };
        if (@namespace is not null)
        {
            claims["kubernetes.io"] = JsonSerializer.SerializeToElement(new Dictionary<string, object>
            {
                ["namespace"] = @namespace,
                ["serviceaccount"] = new { name = "app", uid = "uid-sa" },
                ["pod"] = new { name = "app-1", uid = "uid-pod" },
            });
        }

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = now.AddHours(1).UtcDateTime,
            Claims = claims,
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(_key) { KeyId = keyId }, "RS256") { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } },
        });
    }
}
