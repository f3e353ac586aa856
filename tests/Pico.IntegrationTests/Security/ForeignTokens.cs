using System.Text.Json;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Security;

/// <summary>
/// Keys and tokens that PyJWT made, by one run of <c>Peers/tokens.py</c>, and a server that has the keys and asks for an issuer and an audience. Shared by the tests of a class.
/// </summary>
public sealed class ForeignTokens : IAsyncLifetime
{
    /// <summary>The nine algorithms, as they stand in <c>alg</c>.</summary>
    public static readonly string[] Algorithms = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

    private readonly TempFolder _folder = new();
    private Entry[] _entries = [];

    /// <summary>The server.</summary>
    internal ServerProcess Server { get; private set; } = null!;

    /// <summary>The token of <paramref name="algorithm"/> with <paramref name="fault"/> (none: a good one); null if the algorithm cannot have the fault.</summary>
    public string? Find(string algorithm, string fault = "") => Array.Find(_entries, e => e.Algorithm == algorithm && e.Fault == fault)?.Token;

    /// <summary>The path of a file with <paramref name="token"/>.</summary>
    public string Write(string token) => _folder.Write(Guid.NewGuid().ToString("N"), token);

    /// <summary>Fails if the server's log has any part of <paramref name="token"/>.</summary>
    public void IsNotLogged(string token)
    {
        var log = Server.Process.Log;
        foreach (var part in token.Split('.').Where(p => p.Length > 20))
            Assert.DoesNotContain(part[..Math.Min(part.Length, 60)], log, StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync()
    {
        _entries = JsonSerializer.Deserialize<Entry[]>(await PythonService.MakeTokensAsync("tokens.py", _folder.Path), JsonSerializerOptions.Web)!;
        string[] keys = ["rsa.pem", "es256.pem", "es384.pem", "es512.pem"];
        Server = await ServerProcess.StartAsync([
            "--upstream.auth.secret-files", _folder.File("secret"), "--upstream.auth.public-key-files", string.Join(',', keys.Select(_folder.File)),
            "--upstream.auth.issuer", "https://issuer.example", "--upstream.auth.audience", "pico", "--log.level", "trace"]);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    private sealed record Entry(string Algorithm, string Fault, string Token);
}
