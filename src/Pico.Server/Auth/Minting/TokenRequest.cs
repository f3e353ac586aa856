namespace Pico.Server.Auth.Minting;

/// <summary>What a token is to say.</summary>
public sealed record TokenRequest
{
    /// <summary>The claim <c>pico.endpoints</c>: endpoint IDs and prefixes such as <c>team-a-*</c>. Empty: the token has no such claim.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>How long it is valid, from now; null: for ever.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>The claim <c>sub</c>: whom it is for.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The claim <c>iss</c>.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>The claim <c>aud</c>.</summary>
    public string Audience { get; init; } = "";

    /// <summary>The key ID in the token's header.</summary>
    public string KeyId { get; init; } = "";

    /// <summary>The algorithm, one of <see cref="TokenAlgorithm.All"/>; empty: the key's default.</summary>
    public string Algorithm { get; init; } = "";

    /// <summary>The claim <c>pico.maxStreams</c>; null: none.</summary>
    public int? MaxStreams { get; init; }

    /// <summary>The claim <c>pico.rateLimit</c>; null: none.</summary>
    public int? RateLimit { get; init; }

    /// <summary>True if <paramref name="text"/> may stand in <see cref="Endpoints"/>.</summary>
    public static bool IsEndpointPattern(string text) => EndpointPatterns.TryParse([text], out _, out _);
}

/// <summary>A token that was made. <paramref name="Token"/> is a secret.</summary>
/// <param name="Token">The token, three parts of base64url.</param>
/// <param name="Algorithm">What it is signed with.</param>
/// <param name="Expires">When it expires, in UTC; null: never.</param>
/// <param name="Permits">The endpoints that it permits, in words for people.</param>
public sealed record MintedToken(string Token, string Algorithm, DateTime? Expires, string Permits);
