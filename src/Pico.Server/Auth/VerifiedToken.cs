namespace Pico.Server.Auth;

/// <summary>What a token that was verified permits.</summary>
internal sealed record VerifiedToken
{
    /// <summary>Everything, for ever: where no token is asked for.</summary>
    public static VerifiedToken Anonymous { get; } = new() { Identity = "anonymous", Endpoints = EndpointPatterns.All };

    /// <summary>The claim <c>sub</c>, for people; empty if there is none.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Tells tokens apart for limits: the claim <c>jti</c>, else <c>iss</c> and <c>sub</c>, else a hash of what is signed. Never the token itself.</summary>
    public required string Identity { get; init; }

    /// <summary>When it expires; null: never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The endpoints that it permits.</summary>
    public required EndpointPatterns Endpoints { get; init; }

    /// <summary>The namespace of this cluster that its ServiceAccount is of; empty for every other token, also one of another cluster.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The claim <c>pico.maxStreams</c> of an agent: requests and connections at once through one tunnel; null: no limit of the token's own.</summary>
    public int? MaxStreams { get; init; }

    /// <summary>The claim <c>pico.rateLimit</c> of an agent: requests and connections per second through one tunnel; null: no limit of the token's own.</summary>
    public int? RateLimit { get; init; }
}
