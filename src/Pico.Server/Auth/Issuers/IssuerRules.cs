using Pico.Server.Hosting;

namespace Pico.Server.Auth.Issuers;

/// <summary>Checks issuers without opening a file.</summary>
internal static class IssuerRules
{
    private const int MaxIssuers = 100;

    /// <summary>Adds what is wrong to <paramref name="errors"/>.</summary>
    public static void Check(IReadOnlyList<IssuerOptions> issuers, string key, ICollection<OptionError> errors)
    {
        if (issuers.Count > MaxIssuers)
            errors.Add(new(key, $"{issuers.Count} issuers", $"at most {MaxIssuers}"));
        foreach (var same in issuers.GroupBy(i => i.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
            errors.Add(new(key, same.Key, "a name for each issuer that no other has"));
        foreach (var issuer in issuers)
        {
            TokenAuthRules.Check(issuer.Tokens, $"{key}[{issuer.Name}]", errors, hasOtherKeys: true);
            if (!issuer.Tokens.IsEnabled && !issuer.HasPlatformKeys)
                errors.Add(new(key, issuer.Name, "keys for each issuer: jwks-file, jwks-url, public-key-files, or kubernetes-keys: true"));
            if (issuer.IsLocal && issuer.Namespaces.Count > 0)
                errors.Add(new(key, issuer.Name, "either this cluster's ServiceAccounts (local, kubernetes-keys), for which PicoEndpoints decide, or the rules (namespaces) of another's"));
            foreach (var (name, endpoints) in issuer.Namespaces)
            {
                if (!EndpointPatterns.TryParse([.. endpoints], out _, out var wrong))
                    errors.Add(new(key, $"{issuer.Name}, namespace {name}", wrong));
            }
        }
    }
}
