namespace Pico.Server.Auth.Issuers;

/// <summary>
/// An issuer of tokens with a name of its own. Issuers are told apart by the key that verifies a token, not by what it says of itself: two clusters may call themselves the same.
/// One of three kinds: of this cluster's ServiceAccounts (<see cref="IsLocal"/>), of another cluster's (<see cref="Namespaces"/>), or of tokens that say by the claim <c>pico.endpoints</c> what they permit.
/// </summary>
public sealed class IssuerOptions
{
    /// <summary>The audience that is asked for where none is given: that of the agents' ServiceAccount tokens.</summary>
    public const string DefaultAudience = "pico";

    /// <summary>What it is called here, in logs and refusals.</summary>
    public required string Name { get; init; }

    /// <summary>Its keys, and what is asked of its tokens. A token without <c>pico.endpoints</c> permits nothing.</summary>
    public TokenAuthOptions Tokens { get; } = new() { Audience = DefaultAudience, RequireEndpoints = true };

    /// <summary>The keys of the cluster that this server runs in (<see cref="Hosting.UpstreamOptions.PlatformKeys"/>), read by the API server: <see cref="IsLocal"/> then.</summary>
    public bool HasPlatformKeys { get; init; }

    /// <summary>Its tokens are those of ServiceAccounts of this cluster, so that a namespace in them is a namespace here.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Of another cluster: its namespaces (<c>*</c>: all that are not named), and the endpoints (IDs and prefixes such as <c>team-a-*</c>) that the ServiceAccounts of each may register.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Namespaces { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>True if its tokens are those of ServiceAccounts.</summary>
    internal bool IsOfServiceAccounts => IsLocal || Namespaces.Count > 0;
}
