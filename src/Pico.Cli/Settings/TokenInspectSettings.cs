using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Auth;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico token inspect</c>.</summary>
internal sealed class TokenInspectSettings
{
    public static OptionType<string> TokenType { get; } = OptionTypes.Matching("token", "a token, or - for standard input", t => t.Length > 0);

    public static OptionSet<TokenInspectSettings> Definitions { get; } = new OptionSet<TokenInspectSettings>()
        .Add("file", OptionTypes.ExistingFile, s => s.File, (s, v) => s.File = v, "The file with the token, instead of the argument.")
        .Add(
            "key", OptionTypes.List(OptionTypes.ExistingFile), s => s.Keys, (s, v) => s.Keys = v,
            "Files with keys to check the signature with: public or private keys or certificates (PEM), JSON Web Key Sets, shared secrets.")
        .Add("issuer", TokenAuthSettings.AnyText, s => s.Rules.Issuer, (s, v) => s.Rules.Issuer = v, "The issuer (iss) that the server asks for.")
        .Add("audience", TokenAuthSettings.AnyText, s => s.Rules.Audience, (s, v) => s.Rules.Audience = v, "The audience (aud) that the server asks for.")
        .Add("clock-skew", TokenAuthSettings.ClockSkew, s => s.Rules.ClockSkew, (s, v) => s.Rules.ClockSkew = v, "How far clocks may differ, as it is set on the server.")
        .Add(
            "require-endpoints", OptionTypes.Switch, s => s.Rules.RequireEndpoints, (s, v) => s.Rules.RequireEndpoints = v,
            "Judge as a server that lets a token without the claim pico.endpoints do nothing.")
        .Add("output", OptionTypes.Choice<bool>(("text", false), ("json", true)), s => s.Json, (s, v) => s.Json = v, "Text for people, or JSON for programs.");

    public string Token { get; set; } = "";

    public string File { get; set; } = "";

    public IReadOnlyList<string> Keys { get; set; } = [];

    public TokenAuthOptions Rules { get; } = new();

    public bool Json { get; set; }
}
