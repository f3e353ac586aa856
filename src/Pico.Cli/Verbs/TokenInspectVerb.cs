using System.Text.Json;
using Pico.Cli.Settings;
using Pico.Cli.Tokens;
using Pico.Configuration.Commands;
using Pico.Server.Auth.Inspecting;

namespace Pico.Cli.Verbs;

/// <summary><c>pico token inspect</c>: what a token is, and why a server refuses it.</summary>
internal static class TokenInspectVerb
{
    // Far more than a server takes; what is longer is told apart from a token anyway.
    private const int MaxLength = 2 * 1024 * 1024;

    public static Verb Create() => new Verb<TokenInspectSettings>(
        new VerbText
        {
            Name = "inspect",
            Summary = "Explain a token: until when it is valid, what it permits, and why it is refused.",
            Details =
                "Tells whether a token is valid and until when, what it permits, and, with --key, which key verifies it. The token itself is not shown. The exit code is 0 if "
                + "nothing that was checked is wrong, and 1 if a server would refuse the token. A token on the command line can be seen by others on the machine: in "
                + "production use --file or standard input.",
            Examples =
            [
                ("An agent's token, with the keys that the servers have", "pico token inspect --file agent.token --key keys/pico.pub"),
                ("Would a server with these options take it?", "pico token inspect --file agent.token --key keys/pico.pub --issuer https://ci.example.com --audience pico"),
                ("From a pipe", "kubectl get secret pico-agent -o jsonpath='{.data.token}' | base64 -d | pico token inspect -"),
                ("In a script: renew what does not hold for another hour", "pico token inspect --file agent.token --output json | jq -e '(.expires | fromdateiso8601) > now + 3600'"),
            ],
            Docs = TokenVerb.Docs,
        },
        TokenInspectSettings.Definitions,
        RunAsync)
        .Argument("token", TokenInspectSettings.TokenType, s => s.Token, (s, v) => s.Token = v, "The token, or - for standard input.", required: false);

    private static async Task<int> RunAsync(TokenInspectSettings settings, VerbContext context)
    {
        if (settings.Token.Length > 0 == settings.File.Length > 0)
            return context.Fail("give the token, or - for standard input, or --file, and only one of these", ExitCode.Usage);
        TokenReport report;
        try
        {
            var token = settings.File.Length > 0 ? await ReadAsync(new StreamReader(settings.File), context.Stopping)
                : settings.Token == "-" ? await ReadAsync(Console.In, context.Stopping)
                : settings.Token;
            var keys = new List<InspectionKey>();
            foreach (var key in settings.Keys)
                keys.Add(await InspectionKey.ReadAsync(key, context.Stopping));
            report = await TokenInspector.InspectAsync(token.Trim(), settings.Rules, keys, TimeProvider.System, context.Stopping);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            return context.Fail(e.Message);
        }

        if (settings.Json)
            context.Out.WriteLine(JsonSerializer.Serialize(report, TokenReportJson.Default.TokenReport));
        else
            TokenText.Write(context.Out, report, TimeProvider.System.GetUtcNow().UtcDateTime);
        return report.Valid ? ExitCode.Clean : ExitCode.Failure;
    }

    private static async Task<string> ReadAsync(TextReader reader, CancellationToken cancellationToken)
    {
        using (reader)
        {
            var buffer = new char[MaxLength];
            return new string(buffer, 0, await reader.ReadBlockAsync(buffer, cancellationToken));
        }
    }
}
