using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Pico.Server.Auth.Minting;

/// <summary>Makes tokens. Each is verified as a server would before it is given out.</summary>
public static class TokenMinter
{
    /// <summary>Makes a token. Throws <see cref="FormatException"/> that says what is wrong when a server would refuse it.</summary>
    public static async Task<MintedToken> MintAsync(SigningKey key, TokenRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(time);
        var algorithm = request.Algorithm.Length > 0 ? request.Algorithm : key.DefaultAlgorithm;
        if (!key.Fits(algorithm))
            throw new FormatException($"the key does not fit {algorithm}; it is good for {string.Join(", ", TokenAlgorithm.All.Where(key.Fits))}");

        var token = Sign(key.Signing, algorithm, request.KeyId, Payload(request, time.GetUtcNow()).ToJsonString());
        var verified = await VerifyAsync(key, request, token, time, cancellationToken);
        return new MintedToken(token, algorithm, verified.Expires?.UtcDateTime, verified.Endpoints.ToString());
    }

    /// <summary>Signs <paramref name="payload"/> (JSON) as it stands.</summary>
    internal static string Sign(SecurityKey key, string algorithm, string keyId, string payload)
    {
        key.KeyId = keyId.Length > 0 ? keyId : null;
        var credentials = new SigningCredentials(key, algorithm) { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } };
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(payload, credentials);
    }

    private static JsonObject Payload(TokenRequest request, DateTimeOffset now)
    {
        var payload = new JsonObject();
        foreach (var (name, value) in new[] { ("iss", request.Issuer), ("sub", request.Subject), ("aud", request.Audience) })
        {
            if (value.Length > 0)
                payload[name] = value;
        }

        payload["iat"] = now.ToUnixTimeSeconds();
        if (request.Lifetime is { } lifetime)
            payload["exp"] = (now + lifetime).ToUnixTimeSeconds();
        var pico = new JsonObject();
        if (request.Endpoints.Count > 0)
            pico[TokenClaims.Endpoints] = new JsonArray([.. request.Endpoints.Select(e => (JsonNode)e)]);
        if (request.MaxStreams is { } maxStreams)
            pico[TokenClaims.MaxStreams] = maxStreams;
        if (request.RateLimit is { } rateLimit)
            pico[TokenClaims.RateLimit] = rateLimit;
        if (pico.Count > 0)
            payload[TokenClaims.Pico] = pico;
        return payload;
    }

    private static async Task<VerifiedToken> VerifyAsync(
        SigningKey key, TokenRequest request, string token, TimeProvider time, CancellationToken cancellationToken)
    {
        var options = new TokenAuthOptions { Issuer = request.Issuer, Audience = request.Audience };
        if (key.IsSecret)
            options.Secret = key.PrivateText;
        else
            options.PublicKey = key.PublicPem!;
        await using var keys = new KeyRing(options, "mint", time, NullLogger.Instance);
        await keys.StartAsync(cancellationToken);
        var result = await new TokenVerifier(options, keys, time).VerifyAsync(token, cancellationToken);
        return result.IsValid ? result.Token : throw new FormatException($"a server would refuse the token: {result.Reason}");
    }
}
