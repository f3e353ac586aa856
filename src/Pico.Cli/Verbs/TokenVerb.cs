using Pico.Configuration.Commands;

namespace Pico.Cli.Verbs;

/// <summary><c>pico token</c>: keys and tokens, for trying out and for scripts.</summary>
internal static class TokenVerb
{
    public const string Docs = "docs/security.md";

    public static Verb Create() => new VerbGroup(
        new VerbText
        {
            Name = "token",
            Summary = "Make keys and tokens for agents, clients and operators, and explain tokens.",
            Details =
                "Makes keys and tokens (JWT) that Pico's ports ask for, and explains tokens. Servers are given the public half of a key and need nothing else to "
                + "know whom to let in; any other issuer of JWTs does as well.",
            Examples =
            [
                ("1. A key pair", "pico token key --out keys"),
                ("2. A server that asks agents for tokens by that key", "pico server --upstream.auth.public-key-files keys/pico.pub"),
                ("3. A token that may register one endpoint, for a day", "pico token mint --key keys/pico.key --endpoints my-endpoint --expires 24h --out my-endpoint.token"),
                ("4. An agent with it", "pico agent --endpoints my-endpoint/localhost:4000 --token-file my-endpoint.token"),
                ("Why is it refused?", "pico token inspect --file my-endpoint.token --key keys/pico.pub"),
            ],
            Docs = Docs,
        },
        [TokenKeyVerb.Create(), TokenMintVerb.Create(), TokenInspectVerb.Create()]);
}
