using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Pico.Server.Auth.Issuers;

namespace Pico.Server.Auth;

/// <summary>
/// Verifies tokens: signature by a key that fits the token's algorithm and key ID, times, issuer, audience, and the form of the claim <c>pico</c>.
/// </summary>
/// <param name="options">What is asked of a token.</param>
/// <param name="keys">The keys that verify its signature.</param>
/// <param name="time">The clock.</param>
/// <param name="issuer">The issuer whose keys they are, if it has a name.</param>
internal sealed class TokenVerifier(TokenAuthOptions options, KeyRing keys, TimeProvider time, IssuerOptions? issuer = null)
{
    /// <summary>A longer token is refused unread.</summary>
    public const int MaxTokenLength = 16 * 1024;

    /// <summary>9999-12-31T23:59:59Z, the last second that there is a date for.</summary>
    private const double MaxTime = 253_402_300_799;

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = MaxTokenLength, MapInboundClaims = false };
    private readonly string[] _algorithms = [.. (options.Algorithms.Count == 0 ? TokenAlgorithm.All : options.Algorithms.Select(a => TokenAlgorithm.FromOption(a)!))];

    /// <summary>
    /// Verifies <paramref name="token"/> (without <c>Bearer</c>); null or empty is <see cref="TokenFailure.Missing"/>. If no key verifies it, their sources are looked at again, once.
    /// </summary>
    public async ValueTask<TokenResult> VerifyAsync(string? token, CancellationToken cancellationToken)
    {
        var keysVersion = keys.Version;
        var result = await TryVerifyAsync(token);
        return result.IsKeyMissing && await keys.TryRefreshAsync(keysVersion, cancellationToken) ? await TryVerifyAsync(token) : result;
    }

    /// <summary>The same, with the keys that are at hand.</summary>
    public async ValueTask<TokenResult> TryVerifyAsync(string? token)
    {
        if (string.IsNullOrEmpty(token))
            return TokenResult.Refused(TokenFailure.Missing, "a token is needed: send 'Authorization: Bearer <JWT>'");
        if (token.Length > MaxTokenLength)
            return TokenResult.Refused(TokenFailure.Malformed, $"the token has {token.Length} characters; at most {MaxTokenLength} are read");

        try
        {
            return await JudgeAsync(token);
        }
        catch (InvalidOperationException)
        {
            // What System.Text.Json throws for text that no string can hold: bytes that are no UTF-8, half a surrogate pair.
            return TokenResult.Refused(TokenFailure.Malformed, "the token's claims have text that is no valid Unicode");
        }
    }

    private ValueTask<TokenResult> JudgeAsync(string token)
    {
        if (Mistyped(token) is { } mistyped)
            return Refused(TokenFailure.Malformed, mistyped);

        JsonWebToken parsed;
        try
        {
            parsed = _handler.ReadJsonWebToken(token);
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            return Refused(TokenFailure.Malformed, "the token is no signed JWT (three parts of base64url, separated by dots)");
        }

        if (parsed.IsEncrypted)
            return Refused(TokenFailure.Malformed, "the token is encrypted (JWE); it must be a signed JWT");

        // RFC 7515, section 4.1.11: who does not understand what the header calls critical must not take the token.
        if (parsed.TryGetHeaderValue<object>("crit", out _))
            return Refused(TokenFailure.Malformed, "the token's header has 'crit': no extensions are understood here");

        // Compared with case, as RFC 7515 says: 'Rs256' is another algorithm, and so is 'RSA256'.
        if (!_algorithms.Contains(parsed.Alg))
            return Refused(TokenFailure.Algorithm, $"the token's algorithm '{Cut(parsed.Alg ?? "")}' is not accepted; it may be {string.Join(", ", _algorithms)}");

        return VerifyAsync(parsed);

        static ValueTask<TokenResult> Refused(TokenFailure failure, string reason) => ValueTask.FromResult(TokenResult.Refused(failure, reason));
    }

    private async ValueTask<TokenResult> VerifyAsync(JsonWebToken token)
    {
        var candidates = keys.Find(token.Alg, token.Kid);
        if (candidates.Count == 0)
            return TokenResult.Refused(TokenFailure.UnknownKey, $"no key of this server fits the token (alg {token.Alg}, kid '{Cut(token.Kid ?? "")}')");
        var result = await _handler.ValidateTokenAsync(token, Parameters(candidates));
        return result.IsValid ? Read(token) : Refusal(result.Exception);
    }

    private TokenValidationParameters Parameters(IReadOnlyList<SecurityKey> candidates) => new()
    {
        IssuerSigningKeys = candidates,
        TryAllIssuerSigningKeys = true,
        RequireSignedTokens = true,
        ValidAlgorithms = _algorithms,
        RequireExpirationTime = false,
        LifetimeValidator = (notBefore, expires, _, _) => JudgeLifetime(notBefore, expires),
        ValidateIssuer = options.Issuer.Length > 0,
        ValidIssuer = options.Issuer,
        ValidateAudience = options.Audience.Length > 0,
        ValidAudience = options.Audience,
    };

    private bool JudgeLifetime(DateTime? notBefore, DateTime? expires)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (expires is { } end && now >= end + options.ClockSkew)
            throw new SecurityTokenExpiredException { Expires = end };
        if (notBefore is { } begin && now < begin - options.ClockSkew)
            throw new SecurityTokenNotYetValidException { NotBefore = begin };
        return true;
    }

    private TokenResult Refusal(Exception? exception) => exception switch
    {
        SecurityTokenExpiredException e => TokenResult.Refused(TokenFailure.Expired, $"the token expired at {e.Expires:u}"),
        SecurityTokenNotYetValidException e => TokenResult.Refused(TokenFailure.NotYetValid, $"the token is valid from {e.NotBefore:u} on"),
        SecurityTokenInvalidIssuerException => TokenResult.Refused(TokenFailure.Issuer, $"the token's issuer (iss) is not '{options.Issuer}'"),
        SecurityTokenInvalidAudienceException => TokenResult.Refused(TokenFailure.Audience, $"the token's audience (aud) does not contain '{options.Audience}'"),
        SecurityTokenInvalidAlgorithmException => TokenResult.Refused(TokenFailure.Algorithm, "the token's algorithm does not fit the key"),
        SecurityTokenMalformedException => TokenResult.Refused(TokenFailure.Malformed, "the token is no signed JWT"),
        _ => TokenResult.Refused(TokenFailure.Signature, "the token's signature is wrong"),
    };

    private TokenResult Read(JsonWebToken token)
    {
        var endpoints = options.RequireEndpoints ? EndpointPatterns.None : EndpointPatterns.All;
        int? maxStreams = null;
        int? rateLimit = null;
        // Read from the payload itself: the handler's typed look-ups pass over a claim of another type, and that must not mean "no limits".
        if (!TryParse(token.EncodedPayload, out var payload))
            return TokenResult.Refused(TokenFailure.Malformed, "the token's claims cannot be read");
        using var _ = payload;
        if (issuer is { IsOfServiceAccounts: true })
            return ServiceAccountToken.Read(token, payload.RootElement, issuer);
        if (payload.RootElement.TryGetProperty(TokenClaims.Pico, out var pico))
        {
            if (pico.ValueKind != JsonValueKind.Object)
                return TokenResult.Refused(TokenFailure.Malformed, "the claim 'pico' is not an object");
            if (pico.TryGetProperty(TokenClaims.Endpoints, out var claim))
            {
                if (claim.ValueKind != JsonValueKind.Array || claim.EnumerateArray().Any(e => e.ValueKind != JsonValueKind.String))
                    return TokenResult.Refused(TokenFailure.Malformed, "the claim 'pico.endpoints' is not an array of strings");
                if (!EndpointPatterns.TryParse([.. claim.EnumerateArray().Select(e => e.GetString()!)], out var patterns, out var wrong))
                    return TokenResult.Refused(TokenFailure.Malformed, wrong);
                endpoints = patterns;
            }

            if (!TryReadLimit(pico, TokenClaims.MaxStreams, out maxStreams))
                return TokenResult.Refused(TokenFailure.Malformed, "the claim 'pico.maxStreams' is not a positive whole number");
            if (!TryReadLimit(pico, TokenClaims.RateLimit, out rateLimit))
                return TokenResult.Refused(TokenFailure.Malformed, "the claim 'pico.rateLimit' is not a positive whole number");
        }

        return TokenResult.Valid(new VerifiedToken
        {
            Subject = Cut(token.Subject ?? ""),
            Identity = Identity(token),
            Expires = Expires(token),
            Endpoints = endpoints,
            MaxStreams = maxStreams,
            RateLimit = rateLimit,
        });
    }

    /// <summary>
    /// Which registered claim (RFC 7519, section 4.1) has the wrong type, or null, also for what is no JWT: the handler says that, but it would not say which claim.
    /// </summary>
    private static string? Mistyped(string token)
    {
        if (token.Split('.') is not [_, var encoded, _] || !TryParse(encoded, out var payload))
            return null;
        using var _ = payload;
        if (payload.RootElement.ValueKind != JsonValueKind.Object)
            return "the token's claims are no JSON object";
        foreach (var claim in payload.RootElement.EnumerateObject())
        {
            var isRight = claim.Name switch
            {
                "exp" or "nbf" or "iat" => claim.Value.ValueKind == JsonValueKind.Number && claim.Value.TryGetDouble(out var seconds) && seconds is >= 0 and <= MaxTime,
                "iss" or "sub" or "jti" => claim.Value.ValueKind == JsonValueKind.String,
                "aud" => claim.Value.ValueKind == JsonValueKind.String
                    || (claim.Value.ValueKind == JsonValueKind.Array && claim.Value.EnumerateArray().All(a => a.ValueKind == JsonValueKind.String)),
                _ => true,
            };
            if (!isRight)
                return $"the claim '{claim.Name}' is not {(claim.Name is "exp" or "nbf" or "iat" ? "a time in seconds since 1970" : claim.Name == "aud" ? "a string or an array of strings" : "a string")}";
        }

        return null;
    }

    private static bool TryParse(string encoded, [NotNullWhen(true)] out JsonDocument? payload)
    {
        try
        {
            payload = JsonDocument.Parse(Base64Url.DecodeFromChars(encoded));
            return true;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            payload = null;
            return false;
        }
    }

    private static bool TryReadLimit(JsonElement pico, string name, out int? limit)
    {
        limit = null;
        if (!pico.TryGetProperty(name, out var claim))
            return true;
        if (claim.ValueKind != JsonValueKind.Number || !claim.TryGetInt32(out var value) || value <= 0)
            return false;
        limit = value;
        return true;
    }

    // Of what is signed: a signature can be written in several ways (ECDSA's s and n - s, unused bits of base64url), and each would count as a token of its own.
    private static string Identity(JsonWebToken token)
    {
        if (!string.IsNullOrEmpty(token.Id))
            return $"jti:{Cut(token.Id)}";
        return string.IsNullOrEmpty(token.Subject)
            ? $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{token.EncodedHeader}.{token.EncodedPayload}")))[..16]}"
            : $"sub:{Cut(token.Issuer ?? "")} {Cut(token.Subject)}";
    }

    // JsonWebToken gives the earliest time when there is no claim.
    internal static DateTimeOffset? Expires(JsonWebToken token) => token.ValidTo == DateTime.MinValue ? null : new DateTimeOffset(token.ValidTo, TimeSpan.Zero);

    /// <summary>What strangers wrote is shown in part only.</summary>
    internal static string Cut(string text) => text.Length > 80 ? text[..80] + "…" : text;
}
