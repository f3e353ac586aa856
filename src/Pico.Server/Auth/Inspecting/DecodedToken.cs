using System.Buffers.Text;
using System.Text.Json;

namespace Pico.Server.Auth.Inspecting;

/// <summary>What a token says, unverified.</summary>
internal sealed class DecodedToken
{
    private static readonly string[] KnownClaims = ["iss", "sub", "aud", "jti", "iat", "nbf", "exp", TokenClaims.Pico];

    private readonly JsonElement _header;
    private readonly JsonElement _claims;

    private DecodedToken(JsonElement header, JsonElement claims, string payload) => (_header, _claims, Payload) = (header, claims, payload);

    /// <summary>The claims as they stand in the token, in base64url.</summary>
    public string Payload { get; }

    /// <summary>The header's <c>alg</c>.</summary>
    public string? Algorithm => Text(_header, "alg");

    /// <summary>The header's <c>kid</c>.</summary>
    public string? KeyId => Text(_header, "kid");

    /// <summary>The names of claims that mean nothing to Pico.</summary>
    public IReadOnlyList<string> OtherClaims => [.. _claims.EnumerateObject().Select(c => c.Name).Except(KnownClaims)];

    /// <summary>The claim <c>aud</c>, one or several.</summary>
    public IReadOnlyList<string> Audience => _claims.TryGetProperty("aud", out var claim) && claim.ValueKind == JsonValueKind.Array
        ? [.. claim.EnumerateArray().Where(a => a.ValueKind == JsonValueKind.String).Select(a => a.GetString()!)]
        : Claim("aud") is { } one ? [one] : [];

    /// <summary>Decodes; null when it is no JWT with a header and claims that are JSON objects.</summary>
    public static DecodedToken? TryDecode(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
            return null;
        return TryParse(parts[0]) is { } header && TryParse(parts[1]) is { } claims ? new(header, claims, parts[1]) : null;
    }

    /// <summary>A claim that is text; null if there is none or it is something else.</summary>
    public string? Claim(string name) => Text(_claims, name);

    /// <summary>A claim that is a time in seconds since 1970; null if there is none or it is something else.</summary>
    public DateTimeOffset? Time(string name) =>
        _claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.Number && claim.TryGetDouble(out var seconds)
        && seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : null;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement? TryParse(string part)
    {
        try
        {
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }
}
