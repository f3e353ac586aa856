using System.Buffers.Text;
using System.Text.Json;

namespace Pico.Agent.Dialing;

/// <summary>Reads the claim <c>exp</c> (RFC 7519, section 4.1.4) of a JWT without verifying anything: good for planning, not for trust.</summary>
internal static class TokenExpiry
{
    // The first and the last second that there is a date for.
    private static readonly double First = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly double Last = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>The time; null if the token is no JWT, or says none.</summary>
    public static DateTimeOffset? Read(string token)
    {
        if (token.Split('.') is not [_, var claims, _])
            return null;
        try
        {
            var json = new Utf8JsonReader(Base64Url.DecodeFromChars(claims));
            while (json.Read())
            {
                if (json.CurrentDepth != 1 || json.TokenType != JsonTokenType.PropertyName || !json.ValueTextEquals("exp"u8))
                    continue;
                return json.Read() && json.TokenType == JsonTokenType.Number && json.TryGetDouble(out var seconds) && seconds >= First && seconds <= Last
                    ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
                    : null;
            }
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // No JWT, then.
        }

        return null;
    }
}
