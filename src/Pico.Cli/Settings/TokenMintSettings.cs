using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Auth.Minting;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico token mint</c>.</summary>
internal sealed class TokenMintSettings
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    public static OptionSet<TokenMintSettings> Definitions { get; } = new OptionSet<TokenMintSettings>()
        .Add(
            "key", OptionTypes.ExistingFile, s => s.Key, (s, v) => s.Key = v,
            "The private key (PEM, RSA or EC) or the file with the shared secret that signs the token, such as 'pico token key' makes.")
        .Rule("key", s => s.Key.Length == 0 ? "is missing; give a private key or a file with a shared secret, such as 'pico token key' makes" : null)
        .Add(
            "algorithm", TokenAuthSettings.Algorithm, s => s.Algorithm, (s, v) => s.Algorithm = v,
            "What the token is signed with.", defaultText: "RS256 for RSA, HS256 for a secret, the curve's for EC")
        .Add(
            "endpoints", OptionTypes.List(OptionTypes.Matching("pattern", "an endpoint ID, or a prefix such as team-a-*", TokenRequest.IsEndpointPattern)),
            s => s.Endpoints, (s, v) => s.Endpoints = v,
            "The endpoints that an agent may register with the token, or a client may send to: IDs and prefixes such as team-a-*.", defaultText: "every endpoint")
        .Add(
            "expires", OptionTypes.Duration(TimeSpan.FromSeconds(1), Longest, "never"), s => s.Lifetime, (s, v) => s.Lifetime = v,
            "How long the token is valid from now on.")
        .Add("subject", TokenAuthSettings.AnyText, s => s.Subject, (s, v) => s.Subject = v, "Whom the token is for (sub); servers show it.")
        .Add("issuer", TokenAuthSettings.AnyText, s => s.Issuer, (s, v) => s.Issuer = v, "Who made it (iss), where servers ask for that.")
        .Add("audience", TokenAuthSettings.AnyText, s => s.Audience, (s, v) => s.Audience = v, "Whom it is meant for (aud), where servers ask for that.")
        .Add("kid", TokenAuthSettings.AnyText, s => s.KeyId, (s, v) => s.KeyId = v, "The key's ID, as it stands in the servers' JSON Web Key Set. Without it every key is tried.")
        .Add(
            "max-streams", OptionTypes.Number(0, int.MaxValue), s => s.MaxStreams, (s, v) => s.MaxStreams = v,
            "How many requests and connections at once each of an agent's tunnels may carry (pico.maxStreams).", defaultText: "no limit of the token's own")
        .Add(
            "rate-limit", OptionTypes.Number(0, int.MaxValue), s => s.RateLimit, (s, v) => s.RateLimit = v,
            "How many requests and connections per second each of an agent's tunnels may carry (pico.rateLimit).", defaultText: "no limit of the token's own")
        .Add("out", TokenAuthSettings.NewFile, s => s.Out, (s, v) => s.Out = v, "Write the token to this file, readable by its owner alone, instead of standard output.")
        .Add("force", OptionTypes.Switch, s => s.Force, (s, v) => s.Force = v, "Replace the file if it exists, at once, so that an agent that reads it sees the one or the other.")
        .Add("output", TokenAuthSettings.Output, s => s.Json, (s, v) => s.Json = v, "On standard output: the token alone, or JSON.");

    public string Key { get; set; } = "";

    public string Algorithm { get; set; } = "";

    public IReadOnlyList<string> Endpoints { get; set; } = [];

    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(1);

    public string Subject { get; set; } = "";

    public string Issuer { get; set; } = "";

    public string Audience { get; set; } = "";

    public string KeyId { get; set; } = "";

    public int MaxStreams { get; set; }

    public int RateLimit { get; set; }

    public string Out { get; set; } = "";

    public bool Force { get; set; }

    public bool Json { get; set; }
}
