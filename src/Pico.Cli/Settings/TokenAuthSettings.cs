using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Auth;

namespace Pico.Cli.Settings;

/// <summary>The options of the tokens that a port accepts, the same on every port.</summary>
internal static class TokenAuthSettings
{
    public static OptionType<string> AnyText { get; } = OptionTypes.Matching("text", "any text", _ => true);

    public static OptionType<string> Algorithm { get; } = OptionTypes.Parsed(
        "algorithm", "HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384 or ES512 (also spelt RSA256, EC256 …)", TokenAlgorithm.FromOption, a => a);

    public static OptionType<TimeSpan> ClockSkew { get; } = OptionTypes.Duration(TimeSpan.Zero, TimeSpan.FromMinutes(10));

    /// <summary>A file or folder that need not exist.</summary>
    public static OptionType<string> NewFile { get; } = OptionTypes.Matching("file", "a path", t => t.Length > 0 && !t.Contains('\0', StringComparison.Ordinal));

    /// <summary>What is printed for scripts; true for JSON.</summary>
    public static OptionType<bool> Output { get; } = OptionTypes.Choice<bool>(("plain", false), ("json", true));

    public static OptionSet<TokenAuthOptions> Definitions(string prefix, string who) => new OptionSet<TokenAuthOptions>()
        .Add(
            $"{prefix}.secret", AnyText, o => o.Secret, (o, v) => o.Secret = v,
            $"A shared secret (HS256, HS384, HS512) that verifies the tokens of {who}: at least 32 bytes. Any key here makes tokens necessary.", secret: true)
        .Add(
            $"{prefix}.secret-files", OptionTypes.List(OptionTypes.ExistingFile), o => o.SecretFiles, (o, v) => o.SecretFiles = v,
            "Files with a shared secret each; read again when they change. Several allow rotation.")
        .Add(
            $"{prefix}.public-key", AnyText, o => o.PublicKey, (o, v) => o.PublicKey = v,
            "Public keys (RSA, EC) or certificates as PEM text.")
        .Add(
            $"{prefix}.public-key-files", OptionTypes.List(OptionTypes.ExistingFile), o => o.PublicKeyFiles, (o, v) => o.PublicKeyFiles = v,
            "Files with public keys or certificates (PEM), one or several in each; read again when they change.")
        .Add(
            $"{prefix}.jwks-file", OptionTypes.ExistingFile, o => o.JwksFile, (o, v) => o.JwksFile = v,
            "A file with a JSON Web Key Set; read again when it changes.")
        .Add(
            $"{prefix}.jwks-url", OptionTypes.Url("https", "http"), o => o.JwksUrl, (o, v) => o.JwksUrl = v,
            "The URL of a JSON Web Key Set; fetched again for keys that are not known, kept while the source is down.")
        .Add(
            $"{prefix}.algorithms", OptionTypes.List(Algorithm), o => o.Algorithms, (o, v) => o.Algorithms = v,
            "The algorithms that are accepted, of HS256 to HS512, RS256 to RS512, ES256 to ES512.", defaultText: "all that a key fits")
        .Add(
            $"{prefix}.issuer", AnyText, o => o.Issuer, (o, v) => o.Issuer = v,
            "If set, a token's issuer (iss) must be this.")
        .Add(
            $"{prefix}.audience", AnyText, o => o.Audience, (o, v) => o.Audience = v,
            "If set, a token's audience (aud) must contain this.")
        .Add(
            $"{prefix}.clock-skew", ClockSkew, o => o.ClockSkew, (o, v) => o.ClockSkew = v,
            "How far clocks may differ when a token's times are judged.")
        .Add(
            $"{prefix}.require-endpoints", OptionTypes.Switch, o => o.RequireEndpoints, (o, v) => o.RequireEndpoints = v,
            "A token without the claim pico.endpoints permits nothing instead of everything.");
}
