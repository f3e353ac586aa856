using System.Text.Json;
using Pico.Server.Auth;
using Pico.Tests.Server;

namespace Pico.Tests.Cli;

/// <summary>The way of a new user: a key, a token by it, and what the token is.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class TokenVerbTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public static TheoryData<string> Algorithms => [.. TokenAlgorithm.All];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Token_OfEachAlgorithm_IsVerifiedByBothHalvesOfItsKeyAndByTheJwks(string algorithm)
    {
        var files = await MakeKeyAsync(algorithm);
        var (exitCode, token, explanation) = await CommandLine.RunAsync(
            "token", "mint", "--key", files[0], "--algorithm", algorithm, "--endpoints", "orders,team-a-*", "--expires", "2h", "--max-streams", "7", "--rate-limit", "9");

        Assert.Equal(0, exitCode);
        Assert.Equal(3, Assert.Single(token.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Split('.').Length);
        Assert.StartsWith($"{algorithm}, valid until ", explanation, StringComparison.Ordinal);
        foreach (var file in files)
        {
            var report = await InspectAsync(0, token.Trim(), "--key", file);
            Assert.True(report.GetProperty("valid").GetBoolean());
            Assert.Equal(file, report.GetProperty("verifiedBy").GetString());
            Assert.Equal(algorithm, report.GetProperty("algorithm").GetString());
            Assert.Equal("orders, team-a-*", report.GetProperty("permits").GetString());
            Assert.Equal((7, 9), (report.GetProperty("maxStreams").GetInt32(), report.GetProperty("rateLimit").GetInt32()));
            Assert.EndsWith("Z", report.GetProperty("expires").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("ES256", 3)]
    [InlineData("HS256", 1)]
    public async Task KeyFiles_ArePrivate_AndNeverReplacedUnasked(string algorithm, int count)
    {
        var files = await MakeKeyAsync(algorithm);
        var before = await File.ReadAllTextAsync(files[0], TestContext.Current.CancellationToken);

        Assert.Equal(count, files.Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(files[0]));
        var (exitCode, output, error) = await CommandLine.RunAsync("token", "key", "--algorithm", algorithm, "--out", _folder.Path);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("--force", error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(files[0], TestContext.Current.CancellationToken));

        // A file that all could read does not stay so.
        File.SetUnixFileMode(files[0], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal(0, (await CommandLine.RunAsync("token", "key", "--algorithm", algorithm, "--out", _folder.Path, "--force")).ExitCode);
        Assert.NotEqual(before, await File.ReadAllTextAsync(files[0], TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(files[0]));
        Assert.Equal(count, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public async Task TokenFile_IsPrivate_AndReplacedOnlyWhenAsked()
    {
        var key = (await MakeKeyAsync("ES256"))[0];
        var file = _folder.File("agent.token");
        string[] mint = ["token", "mint", "--key", key, "--out", file];

        Assert.Equal((0, file + "\n"), Outcome(await CommandLine.RunAsync(mint)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal((1, ""), Outcome(await CommandLine.RunAsync(mint)));
        Assert.Equal((0, file + "\n"), Outcome(await CommandLine.RunAsync([.. mint, "--force"])));
        Assert.Equal(0, (await CommandLine.RunAsync("token", "inspect", "--file", file, "--key", key)).ExitCode);
    }

    [Fact]
    public async Task Inspect_OfARefusedToken_EndsWith1AndSaysWhyForEachKey()
    {
        var key = (await MakeKeyAsync("ES256"))[0];
        var other = (await MakeKeyAsync("ES256", "other"))[1];
        var secret = (await MakeKeyAsync("HS256"))[0];
        var token = (await CommandLine.RunAsync("token", "mint", "--key", key, "--issuer", "ci", "--endpoints", "orders")).Out.Trim();

        var report = await InspectAsync(1, token, "--key", other, "--key", secret, "--issuer", "someone-else", "--audience", "pico");

        var problems = report.GetProperty("problems").EnumerateArray().Select(p => p.GetString()!).ToArray();
        Assert.Contains(problems, p => p.StartsWith(other, StringComparison.Ordinal) && p.Contains("signature", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith(secret, StringComparison.Ordinal) && p.Contains("no key", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("'someone-else'", StringComparison.Ordinal));
        Assert.Equal("orders", report.GetProperty("permits").GetString());
    }

    [Fact]
    public async Task Output_NeverShowsTheTokenOrTheSecret()
    {
        var secret = (await MakeKeyAsync("HS256"))[0];
        var token = (await CommandLine.RunAsync("token", "mint", "--key", secret)).Out.Trim();
        var text = (await File.ReadAllTextAsync(secret, TestContext.Current.CancellationToken)).Trim();
        foreach (string[] arguments in new string[][]
        {
            ["inspect", token, "--key", secret], ["inspect", token, "--output", "json"], ["inspect", token[..^4]], ["inspect", token + "." + token],
            ["mint", "--key", secret, "--algorithm", "ES256"], ["mint", "--key", secret, "--out", _folder.File("t")],
        })
        {
            var (_, output, error) = await CommandLine.RunAsync(["token", .. arguments]);
            Assert.DoesNotContain(token.Split('.')[2][..20], output + error, StringComparison.Ordinal);
            Assert.DoesNotContain(text, output + error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Mint_WithAKeyThatIsNone_SaysWhatIsWrongWithoutRepeatingIt()
    {
        var pair = await MakeKeyAsync("RS256");
        var encrypted = _folder.File("encrypted");
        using (var rsa = System.Security.Cryptography.RSA.Create(2048))
            await File.WriteAllTextAsync(encrypted, rsa.ExportEncryptedPkcs8PrivateKeyPem("pw", new(System.Security.Cryptography.PbeEncryptionAlgorithm.Aes256Cbc, System.Security.Cryptography.HashAlgorithmName.SHA256, 1)), TestContext.Current.CancellationToken);
        var weak = _folder.File("weak");
        await File.WriteAllTextAsync(weak, "hunter2", TestContext.Current.CancellationToken);
        foreach (var (file, expected) in new[] { (pair[1], "no private key"), (pair[2], "JSON"), (encrypted, "encrypted"), (weak, "has 7 bytes") })
        {
            var (exitCode, output, error) = await CommandLine.RunAsync("token", "mint", "--key", file);
            Assert.Equal((1, ""), (exitCode, output));
            Assert.Contains(expected, error, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
        }
    }

    private static (int ExitCode, string Out) Outcome((int ExitCode, string Out, string Error) result) => (result.ExitCode, result.Out);

    private static async Task<JsonElement> InspectAsync(int expected, params string[] arguments)
    {
        var (exitCode, output, error) = await CommandLine.RunAsync(["token", "inspect", "--output", "json", .. arguments]);
        Assert.Equal((expected, ""), (exitCode, error));
        using var document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }

    private async Task<string[]> MakeKeyAsync(string algorithm, string name = "pico")
    {
        var (exitCode, output, _) = await CommandLine.RunAsync("token", "key", "--algorithm", algorithm, "--out", _folder.Path, "--name", name);
        Assert.Equal(0, exitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
