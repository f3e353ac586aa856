using Microsoft.IdentityModel.Tokens;

namespace Pico.Server.Auth;

/// <summary>The nine signature algorithms (RFC 7518, section 3.1) and which key fits which.</summary>
public static class TokenAlgorithm
{
    /// <summary>All of them, as they stand in a token's <c>alg</c>.</summary>
    public static IReadOnlyList<string> All { get; } = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

    /// <summary>
    /// Gives the name for <c>alg</c> of what an operator wrote: the name itself in any case, or the spellings <c>RSA256</c>, <c>EC256</c> and so on, which are
    /// good for options only. Null if it is none.
    /// </summary>
    public static string? FromOption(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var name = text.Trim().ToUpperInvariant();
        if (name.StartsWith("RSA", StringComparison.Ordinal))
            name = "RS" + name[3..];
        else if (name.StartsWith("EC", StringComparison.Ordinal))
            name = "ES" + name[2..];
        return All.Contains(name) ? name : null;
    }

    /// <summary>
    /// True if <paramref name="key"/> may verify <paramref name="algorithm"/>: the kind must be right (a public key is never taken for a shared secret), and
    /// an EC key must be on the algorithm's curve (RFC 7518, section 3.4).
    /// </summary>
    internal static bool Fits(SecurityKey key, string algorithm) => algorithm switch
    {
        "HS256" or "HS384" => key is SymmetricSecurityKey,
        "HS512" => key is SymmetricSecurityKey { KeySize: >= 512 },
        "RS256" or "RS384" or "RS512" => key is RsaSecurityKey,
        "ES256" => key is ECDsaSecurityKey { KeySize: 256 },
        "ES384" => key is ECDsaSecurityKey { KeySize: 384 },
        "ES512" => key is ECDsaSecurityKey { KeySize: 521 },
        _ => false,
    };
}
