using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico token key</c>.</summary>
internal sealed class TokenKeySettings
{
    public static OptionSet<TokenKeySettings> Definitions { get; } = new OptionSet<TokenKeySettings>()
        .Add(
            "algorithm", TokenAuthSettings.Algorithm, s => s.Algorithm, (s, v) => s.Algorithm = v,
            "What tokens will be signed with: HS256 to HS512 makes a shared secret, RS256 to RS512 an RSA pair, ES256 to ES512 an EC pair.")
        .Add("out", TokenAuthSettings.NewFile, s => s.Out, (s, v) => s.Out = v, "The folder for the files; it is made if there is none.")
        .Add(
            "name", OptionTypes.Matching("name", "a file name without folder", t => t.Length > 0 && t == Path.GetFileName(t) && t[0] != '.'), s => s.Name, (s, v) => s.Name = v,
            "What the files are called: NAME.key (private), NAME.pub and NAME.jwks, or NAME.secret.")
        .Add("kid", TokenAuthSettings.AnyText, s => s.KeyId, (s, v) => s.KeyId = v, "The key's ID in the JSON Web Key Set.", defaultText: "the thumbprint (RFC 7638)")
        .Add("force", OptionTypes.Switch, s => s.Force, (s, v) => s.Force = v, "Replace files that exist. Tokens by the former key are then refused.")
        .Add("output", TokenAuthSettings.Output, s => s.Json, (s, v) => s.Json = v, "On standard output: the files' paths, a line each, or JSON.");

    public string Algorithm { get; set; } = "ES256";

    public string Out { get; set; } = ".";

    public string Name { get; set; } = "pico";

    public string KeyId { get; set; } = "";

    public bool Force { get; set; }

    public bool Json { get; set; }
}
