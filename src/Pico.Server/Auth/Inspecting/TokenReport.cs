using System.Text.Json.Serialization;

namespace Pico.Server.Auth.Inspecting;

/// <summary>What a token is and whether a server would take it. Neither the token nor its signature stands in it.</summary>
public sealed record TokenReport
{
    /// <summary>True if nothing that was checked is wrong.</summary>
    public bool Valid => Problems.Count == 0;

    /// <summary>Everything that is wrong, in words for people.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>True if there were keys to check the signature with.</summary>
    public bool SignatureChecked { get; init; }

    /// <summary>The key that verifies it, as it was named; null if none does, or none was given.</summary>
    public string? VerifiedBy { get; init; }

    /// <summary>What each key says that does not verify it: its name, and why.</summary>
    public IReadOnlyList<string> NotVerifiedBy { get; init; } = [];

    /// <summary>The header's <c>alg</c>.</summary>
    public string? Algorithm { get; init; }

    /// <summary>The header's <c>kid</c>.</summary>
    public string? KeyId { get; init; }

    /// <summary>The claim <c>iss</c>.</summary>
    public string? Issuer { get; init; }

    /// <summary>The claim <c>sub</c>.</summary>
    public string? Subject { get; init; }

    /// <summary>The claim <c>aud</c>.</summary>
    public IReadOnlyList<string> Audience { get; init; } = [];

    /// <summary>The claim <c>jti</c>.</summary>
    public string? TokenId { get; init; }

    /// <summary>The claim <c>iat</c>, in UTC.</summary>
    public DateTime? IssuedAt { get; init; }

    /// <summary>The claim <c>nbf</c>, in UTC.</summary>
    public DateTime? NotBefore { get; init; }

    /// <summary>The claim <c>exp</c>, in UTC; null: it never expires.</summary>
    public DateTime? Expires { get; init; }

    /// <summary>The endpoints that it permits, in words for people; null when the claim cannot be read.</summary>
    public string? Permits { get; init; }

    /// <summary>The claim <c>pico.maxStreams</c>.</summary>
    public int? MaxStreams { get; init; }

    /// <summary>The claim <c>pico.rateLimit</c>.</summary>
    public int? RateLimit { get; init; }

    /// <summary>The names of claims that mean nothing to Pico; their values are not shown.</summary>
    public IReadOnlyList<string> OtherClaims { get; init; } = [];
}

/// <summary>The report for programs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(TokenReport))]
public sealed partial class TokenReportJson : JsonSerializerContext;
