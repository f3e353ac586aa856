namespace Pico.Server.Auth;

/// <summary>The names of Pico's own claims: <c>{"pico": {"endpoints": ["orders", "team-a-*"], "maxStreams": 100, "rateLimit": 50}}</c>.</summary>
internal static class TokenClaims
{
    /// <summary>The object that the others stand in.</summary>
    public const string Pico = "pico";

    /// <summary>Endpoint IDs and prefixes (<see cref="EndpointPatterns"/>).</summary>
    public const string Endpoints = "endpoints";

    /// <summary>Streams at once.</summary>
    public const string MaxStreams = "maxStreams";

    /// <summary>Requests per second.</summary>
    public const string RateLimit = "rateLimit";
}
