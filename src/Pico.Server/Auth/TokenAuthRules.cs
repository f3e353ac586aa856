using Pico.Server.Hosting;

namespace Pico.Server.Auth;

/// <summary>Checks <see cref="TokenAuthOptions"/> without opening a file.</summary>
internal static class TokenAuthRules
{
    /// <summary>Adds what is wrong; <paramref name="prefix"/> is the options' prefix. Secrets are not repeated.</summary>
    public static void Check(TokenAuthOptions options, string prefix, ICollection<OptionError> errors, bool hasOtherKeys = false)
    {
        Try($"{prefix}.secret", "(not shown)", () => options.Secret.Length == 0 ? null : KeyParser.Secret(options.Secret));
        Try($"{prefix}.public-key", "(a PEM text)", () => options.PublicKey.Length == 0 ? null : KeyParser.Pem(options.PublicKey));
        if (options.JwksUrl.Length > 0 && !(Uri.TryCreate(options.JwksUrl, UriKind.Absolute, out var url) && url.Scheme is "https" or "http"))
            errors.Add(new($"{prefix}.jwks-url", options.JwksUrl, "an https:// or http:// URL"));
        foreach (var algorithm in options.Algorithms)
        {
            if (TokenAlgorithm.FromOption(algorithm) is null)
                errors.Add(new($"{prefix}.algorithms", algorithm, string.Join(", ", TokenAlgorithm.All)));
        }

        if (options.ClockSkew < TimeSpan.Zero || options.ClockSkew > TimeSpan.FromMinutes(10))
            errors.Add(new($"{prefix}.clock-skew", options.ClockSkew.ToString(), "0 to 10 minutes"));
        if (!options.IsEnabled && !hasOtherKeys && (options.Issuer.Length > 0 || options.Audience.Length > 0 || options.RequireEndpoints))
            errors.Add(new($"{prefix}.issuer", options.Issuer, $"a key too: without any of {prefix}.secret, .public-key, … no token is asked for"));

        void Try(string key, string shown, Func<object?> parse)
        {
            try
            {
                parse();
            }
            catch (FormatException e)
            {
                errors.Add(new(key, shown, e.Message));
            }
        }
    }
}
