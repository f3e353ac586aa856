using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>Signs tokens with a key of its own, by hand: what it makes owes nothing to the code under test.</summary>
internal sealed class TokenIssuer(string keyId) : IDisposable
{
    private readonly RSA _key = RSA.Create(2048);

    /// <summary>A JSON Web Key Set with the public keys of <paramref name="issuers"/>.</summary>
    public static string Jwks(params TokenIssuer[] issuers) => $$"""{"keys":[{{string.Join(',', issuers.Select(i => i.Jwk))}}]}""";

    /// <summary>The same keys as PEM.</summary>
    public static string Pem(params TokenIssuer[] issuers) => string.Join('\n', issuers.Select(i => i._key.ExportSubjectPublicKeyInfoPem()));

    /// <summary>A token that lives so long and permits <paramref name="endpoint"/>.</summary>
    public string Mint(TimeSpan lifetime, string endpoint)
    {
        var expires = (TimeProvider.System.GetUtcNow() + lifetime).ToUnixTimeSeconds();
        var header = $$"""{"alg":"RS256","typ":"JWT","kid":"{{keyId}}"}""";
        var claims = $$$"""{"jti":"{{{Guid.NewGuid()}}}","exp":{{{expires}}},"pico":{"endpoints":["{{{endpoint}}}"]}}""";
        var text = $"{Encode(header)}.{Encode(claims)}";
        return $"{text}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public void Dispose() => _key.Dispose();

    private string Jwk
    {
        get
        {
            var key = _key.ExportParameters(includePrivateParameters: false);
            return $$"""{"kty":"RSA","use":"sig","alg":"RS256","kid":"{{keyId}}","n":"{{Base64Url.EncodeToString(key.Modulus)}}","e":"{{Base64Url.EncodeToString(key.Exponent)}}"}""";
        }
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
