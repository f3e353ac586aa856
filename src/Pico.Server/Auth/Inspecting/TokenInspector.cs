using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace Pico.Server.Auth.Inspecting;

/// <summary>
/// Explains a token. Every verdict is the server's own (<see cref="TokenVerifier"/>): the signature is judged with the keys that are given, and the claims, so that
/// they can be told also when the signature is wrong or no key is at hand, by signing the same claims anew with a key that lives as long as the call.
/// </summary>
public static class TokenInspector
{
    /// <summary>
    /// Explains <paramref name="token"/> as a port with <paramref name="rules"/> (issuer, audience, clock skew, necessity of endpoints; no more of it is used) and
    /// <paramref name="keys"/> would judge it. Throws <see cref="FormatException"/> when a key is wrong.
    /// </summary>
    public static async Task<TokenReport> InspectAsync(
        string token, TokenAuthOptions rules, IReadOnlyList<InspectionKey> keys, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(time);

        // Without keys, nothing but the form is judged: a token that is right in that needs a key.
        var form = await VerifyAsync(token, rules, new TokenAuthOptions(), time, cancellationToken);
        var signature = form.Failure == TokenFailure.UnknownKey
            ? await CheckSignatureAsync(token, rules, keys, time, cancellationToken)
            : new SignatureCheck(false, null, [], [form.Reason]);
        var unread = new TokenReport { Problems = signature.Problems };
        try
        {
            return DecodedToken.TryDecode(token) is { } decoded ? await DescribeAsync(decoded, signature, rules, time, cancellationToken) : unread;
        }
        catch (InvalidOperationException)
        {
            return unread; // There is text in it that no string can hold.
        }
    }

    private static async Task<TokenReport> DescribeAsync(
        DecodedToken decoded, SignatureCheck signature, TokenAuthOptions rules, TimeProvider time, CancellationToken cancellationToken)
    {
        var (problems, permits) = await JudgeClaimsAsync(decoded, rules, time, cancellationToken);
        return new TokenReport
        {
            Problems = [.. signature.Problems.Concat(problems).Distinct()],
            SignatureChecked = signature.IsDone,
            VerifiedBy = signature.VerifiedBy,
            NotVerifiedBy = signature.NotVerifiedBy,
            Algorithm = decoded.Algorithm,
            KeyId = decoded.KeyId,
            Issuer = decoded.Claim("iss"),
            Subject = decoded.Claim("sub"),
            Audience = decoded.Audience,
            TokenId = decoded.Claim("jti"),
            IssuedAt = decoded.Time("iat")?.UtcDateTime,
            NotBefore = decoded.Time("nbf")?.UtcDateTime,
            Expires = decoded.Time("exp")?.UtcDateTime,
            Permits = permits?.Endpoints.ToString(),
            MaxStreams = permits?.MaxStreams,
            RateLimit = permits?.RateLimit,
            OtherClaims = decoded.OtherClaims,
        };
    }

    private static async Task<SignatureCheck> CheckSignatureAsync(
        string token, TokenAuthOptions rules, IReadOnlyList<InspectionKey> keys, TimeProvider time, CancellationToken cancellationToken)
    {
        string? verifiedBy = null;
        var failures = new List<string>();
        foreach (var key in keys)
        {
            var result = await VerifyAsync(token, rules, key.Options, time, cancellationToken);
            // Claims are judged after the signature: what complains of them has found it good.
            if (result.IsValid || result.Failure is not (TokenFailure.UnknownKey or TokenFailure.Signature or TokenFailure.Algorithm))
                verifiedBy ??= key.Name;
            else
                failures.Add($"{key.Name}: {result.Reason}");
        }

        return new(keys.Count > 0, verifiedBy, failures, verifiedBy is null ? failures : []);
    }

    /// <summary>Everything that is wrong with the claims, and what they permit while their times are right, whoever made them for whom.</summary>
    private static async Task<(IReadOnlyList<string> Problems, VerifiedToken? Permits)> JudgeClaimsAsync(
        DecodedToken decoded, TokenAuthOptions rules, TimeProvider time, CancellationToken cancellationToken)
    {
        var whileValid = new FixedTime(decoded.Time("nbf") ?? decoded.Time("exp")?.AddSeconds(-1) ?? time.GetUtcNow());
        // A verdict names the first thing that is wrong: each rule is asked by itself.
        TokenResult[] verdicts =
        [
            await JudgeAsync(new TokenAuthOptions { RequireEndpoints = rules.RequireEndpoints }, whileValid),
            await JudgeAsync(new TokenAuthOptions { ClockSkew = rules.ClockSkew }, time),
            await JudgeAsync(new TokenAuthOptions { Issuer = rules.Issuer }, whileValid),
            await JudgeAsync(new TokenAuthOptions { Audience = rules.Audience }, whileValid),
        ];
        return ([.. verdicts.Where(v => !v.IsValid).Select(v => v.Reason)], verdicts[0].Token);

        Task<TokenResult> JudgeAsync(TokenAuthOptions rule, TimeProvider when)
        {
            var secret = RandomNumberGenerator.GetHexString(64);
            var text = $"{Base64Url.EncodeToString("""{"alg":"HS256"}"""u8)}.{decoded.Payload}";
            var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(text));
            return VerifyAsync($"{text}.{Base64Url.EncodeToString(signature)}", rule, new TokenAuthOptions { Secret = secret }, when, cancellationToken);
        }
    }

    private static async Task<TokenResult> VerifyAsync(
        string token, TokenAuthOptions rules, TokenAuthOptions keys, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var ring = new KeyRing(keys, "key", time, NullLogger.Instance);
        await ring.StartAsync(cancellationToken);
        return await new TokenVerifier(rules, ring, time).VerifyAsync(token, cancellationToken);
    }

    private sealed record SignatureCheck(bool IsDone, string? VerifiedBy, IReadOnlyList<string> NotVerifiedBy, IReadOnlyList<string> Problems);

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
