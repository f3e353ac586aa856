using System.Text.Json.Nodes;
using Pico.Cli.Settings;
using Pico.Cli.Tokens;
using Pico.Configuration.Commands;
using Pico.Server.Auth.Minting;

namespace Pico.Cli.Verbs;

/// <summary><c>pico token key</c>: a new key pair or shared secret.</summary>
internal static class TokenKeyVerb
{
    public static Verb Create() => new Verb<TokenKeySettings>(
        new VerbText
        {
            Name = "key",
            Summary = "Make a key pair or a shared secret that signs tokens.",
            Details =
                "Makes a key that signs tokens and writes it to files: NAME.key, the private half, which only its owner can read, NAME.pub and NAME.jwks, the public half for "
                + "servers, as PEM and as JSON Web Key Set; or NAME.secret, a shared secret, for HS256 to HS512. The files' paths are printed. Files that exist are left alone.",
            Examples =
            [
                ("An EC pair: keys/pico.key, keys/pico.pub and keys/pico.jwks", "pico token key --out keys"),
                ("An RSA pair with a name and a key ID, to take the place of another", "pico token key --algorithm RS256 --out keys --name 2027-01 --kid 2027-01"),
                ("A shared secret: keys/pico.secret", "pico token key --algorithm HS256 --out keys"),
            ],
            Docs = TokenVerb.Docs,
        },
        TokenKeySettings.Definitions,
        RunAsync);

    private static async Task<int> RunAsync(TokenKeySettings settings, VerbContext context)
    {
        using var key = SigningKey.Generate(settings.Algorithm);
        var path = Path.Combine(settings.Out, settings.Name);
        (string Kind, string Path, string Text, bool IsSecret)[] files = key.IsSecret
            ? [("secret", path + ".secret", key.PrivateText, true)]
            :
            [
                ("privateKey", path + ".key", key.PrivateText, true), ("publicKey", path + ".pub", key.PublicPem + "\n", false),
                ("jwks", path + ".jwks", key.Jwks(settings.KeyId)!, false),
            ];
        try
        {
            foreach (var file in files)
                KeyFile.ThrowIfExists(file.Path, settings.Force);
            foreach (var file in files)
                await KeyFile.WriteAsync(file.Path, file.Text, file.IsSecret, settings.Force, context.Stopping);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return context.Fail(e.Message);
        }

        if (settings.Json)
            context.Out.WriteLine(new JsonObject(files.Select(f => KeyValuePair.Create(f.Kind, (JsonNode?)f.Path)).Prepend(new("algorithm", settings.Algorithm))).ToJsonString());
        foreach (var file in settings.Json ? [] : files)
            context.Out.WriteLine(file.Path);
        context.Error.WriteLine(key.IsSecret
            ? $"Keep {files[0].Path} secret: who has it can make tokens. Servers: --upstream.auth.secret-files {files[0].Path}"
            : $"Keep {files[0].Path} secret: who has it can make tokens. Servers: --upstream.auth.public-key-files {files[1].Path}");
        return ExitCode.Clean;
    }
}
