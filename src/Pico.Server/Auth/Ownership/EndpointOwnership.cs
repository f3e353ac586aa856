using Pico.Server.Hosting;

namespace Pico.Server.Auth.Ownership;

/// <summary>
/// Who may have an endpoint ID: (1) the namespace that claims it, and nobody else but a token of other origin that names it in full; (2) what nobody claims, each ServiceAccount of the cluster, or by
/// <see cref="UnclaimedPolicy.Prefix"/> those of the namespace that it begins with. (3) While the claims are not known, none of that is given. Without anybody who knows claims, tokens alone decide.
/// </summary>
internal sealed class EndpointOwnership(UpstreamOptions options)
{
    private const string Code = "endpoint_not_permitted";

    /// <summary>Null if the agent with <paramref name="token"/> may have <paramref name="endpointId"/>, else the reason.</summary>
    public string? Judge(VerifiedToken token, string endpointId)
    {
        if (!token.Endpoints.Permit(endpointId))
            return $"{Code}: the token does not permit '{endpointId}', but {token.Endpoints}";
        if (options.Claims is not { } claims || token == VerifiedToken.Anonymous || token.Endpoints.Name(endpointId))
            return null;
        if (!claims.Known.IsCompletedSuccessfully)
            return $"{Code}: which namespace has endpoint {endpointId} is not known yet: this server could not read PicoEndpoints so far"; // 3
        if (claims.OwnerOf(endpointId) is { } owner)
            return token.Namespace == owner ? null : $"{Code}: endpoint {endpointId} belongs to namespace {owner}{Hint(token)}"; // 1
        return options.Unclaimed == UnclaimedPolicy.Open || token.Namespace.Length == 0 || BeginsWith(endpointId, token.Namespace) // 2
            ? null
            : $"{Code}: endpoint {endpointId} is claimed by no PicoEndpoint of namespace {token.Namespace}; without one it must begin with '{token.Namespace}-'";
    }

    private static string Hint(VerifiedToken token) => token.Namespace.Length > 0 ? "" : "; a token of another issuer has to name it in full";

    private static bool BeginsWith(string endpointId, string @namespace) =>
        endpointId.StartsWith(@namespace, StringComparison.OrdinalIgnoreCase) && (endpointId.Length == @namespace.Length || endpointId[@namespace.Length] == '-');
}
