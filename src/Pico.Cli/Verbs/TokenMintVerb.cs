using System.Text.Json.Nodes;
using Pico.Cli.Settings;
using Pico.Cli.Tokens;
using Pico.Configuration.Commands;
using Pico.Server.Auth.Minting;

namespace Pico.Cli.Verbs;

/// <summary><c>pico token mint</c>: a new token.</summary>
internal static class TokenMintVerb
{
    public static Verb Create() => new Verb<TokenMintSettings>(
        new VerbText
        {
            Name = "mint",
            Summary = "Make a token, signed by a key.",
            Details =
                "Makes a token, signed by a private key or a shared secret, and prints it, alone, on standard output; what it permits is told on standard error. Each token is "
                + "verified as a server would before it is given out.",
            Examples =
            [
                ("For an agent: one endpoint and a family of endpoints, for a day", "pico token mint --key keys/pico.key --endpoints 'orders,team-a-*' --expires 24h --out agent.token"),
                ("A new one in its place, which the agent takes while it runs", "pico token mint --key keys/pico.key --endpoints 'orders,team-a-*' --out agent.token --force"),
                ("For an operator, where the admin port asks for tokens", "curl -H \"Authorization: Bearer $(pico token mint --key keys/admin.key --expires 5m)\" localhost:8003/status"),
                ("For servers that ask for an issuer and an audience", "pico token mint --key keys/pico.key --issuer https://ci.example.com --audience pico --subject ci"),
            ],
            Docs = TokenVerb.Docs,
        },
        TokenMintSettings.Definitions,
        RunAsync);

    private static async Task<int> RunAsync(TokenMintSettings settings, VerbContext context)
    {
        MintedToken minted;
        try
        {
            if (settings.Out.Length > 0)
                KeyFile.ThrowIfExists(settings.Out, settings.Force);
            using var key = SigningKey.Parse(await File.ReadAllTextAsync(settings.Key, context.Stopping));
            minted = await TokenMinter.MintAsync(key, Request(settings), TimeProvider.System, context.Stopping);
            if (settings.Out.Length > 0)
                await KeyFile.WriteAsync(settings.Out, minted.Token + "\n", isSecret: true, settings.Force, context.Stopping);
        }
        catch (FormatException e)
        {
            return context.Fail($"{settings.Key}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return context.Fail(e.Message);
        }

        var expires = minted.Expires is { } end ? ConsoleText.Time(end) : null;
        if (settings.Json)
            context.Out.WriteLine(Document(settings, minted).ToJsonString());
        else
            context.Out.WriteLine(settings.Out.Length > 0 ? settings.Out : minted.Token);
        context.Error.WriteLine($"{minted.Algorithm}, {(expires is null ? "never expires" : $"valid until {expires}")}, permits {minted.Permits}");
        return ExitCode.Clean;
    }

    private static TokenRequest Request(TokenMintSettings settings) => new()
    {
        Algorithm = settings.Algorithm,
        Endpoints = settings.Endpoints,
        Lifetime = settings.Lifetime > TimeSpan.Zero ? settings.Lifetime : null,
        Subject = settings.Subject,
        Issuer = settings.Issuer,
        Audience = settings.Audience,
        KeyId = settings.KeyId,
        MaxStreams = settings.MaxStreams > 0 ? settings.MaxStreams : null,
        RateLimit = settings.RateLimit > 0 ? settings.RateLimit : null,
    };

    // The token stands either in the file or here.
    private static JsonObject Document(TokenMintSettings settings, MintedToken minted) => new()
    {
        [settings.Out.Length > 0 ? "file" : "token"] = settings.Out.Length > 0 ? settings.Out : minted.Token,
        ["algorithm"] = minted.Algorithm,
        ["expires"] = minted.Expires,
        ["permits"] = minted.Permits,
    };
}
