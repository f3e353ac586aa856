using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Pico.Server.Auth.Issuers;

/// <summary>
/// Reads the token of a Kubernetes ServiceAccount, whose signature is good:
/// <c>{"kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "orders"}, "pod": {"name": "orders-1", "uid": "…"}}}</c>.
/// </summary>
internal static class ServiceAccountToken
{
    private const string Claim = "kubernetes.io";

    /// <summary>What the token permits by the rules of <paramref name="issuer"/>, or why it is refused.</summary>
    public static TokenResult Read(JsonWebToken token, JsonElement claims, IssuerOptions issuer)
    {
        if (!claims.TryGetProperty(Claim, out var kubernetes) || Text(kubernetes, "namespace") is not { Length: > 0 } @namespace)
            return TokenResult.Refused(TokenFailure.Malformed, $"the token is none of a ServiceAccount, as the issuer '{issuer.Name}' makes them: it has no claim '{Claim}' with a namespace");
        var account = kubernetes.TryGetProperty("serviceaccount", out var named) ? Text(named, "name") ?? "" : "";
        var pod = kubernetes.TryGetProperty("pod", out var of) ? of : default;
        return TokenResult.Valid(new VerifiedToken
        {
            Subject = TokenVerifier.Cut($"{(issuer.IsLocal ? "" : issuer.Name + "/")}{@namespace}/{account}"),
            // A token is renewed again and again: what is counted is the pod, else the account.
            Identity = $"sa:{issuer.Name} {TokenVerifier.Cut(@namespace)}/{TokenVerifier.Cut(account)} {TokenVerifier.Cut(Text(pod, "uid") ?? "")}",
            Expires = TokenVerifier.Expires(token),
            Namespace = issuer.IsLocal ? @namespace : "",
            Endpoints = issuer.IsLocal ? EndpointPatterns.All : EndpointsOf(issuer, @namespace),
        });
    }

    private static EndpointPatterns EndpointsOf(IssuerOptions issuer, string @namespace) =>
        (issuer.Namespaces.TryGetValue(@namespace, out var endpoints) || issuer.Namespaces.TryGetValue("*", out endpoints))
        && EndpointPatterns.TryParse([.. endpoints], out var patterns, out _)
            ? patterns
            : EndpointPatterns.None;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
