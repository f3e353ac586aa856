using System.Security.Cryptography;
using Pico.IntegrationTests.Fixtures;
using Pico.Server.Auth.Minting;

namespace Pico.IntegrationTests.Security;

/// <summary>
/// Everything that server, agents, forward and <c>pico</c> say, at every level, on the ways that succeed and on those that fail, is searched for every secret that they were given.
/// </summary>
public sealed class SecretsTests
{
    private const string ProxyPassword = "corporate-hunter2";

    private readonly Dictionary<string, string> _secrets = [];
    private readonly Dictionary<string, string> _said = [];

    [Fact(Timeout = 150_000)]
    public async Task Secrets_OfEveryKind_StandInNothingThatIsSaid()
    {
        using var folder = new TempFolder();
        var tls = await Certificates.MakeAsync(folder, "pico.example");
        var agentTls = await Certificates.MakeAsync(folder, "agent");
        using var upstreamKey = SigningKey.Generate("ES256");
        using var proxyKey = SigningKey.Generate("HS256");
        using var adminKey = SigningKey.Generate("HS512");
        using var stranger = SigningKey.Generate("RS256");
        foreach (var (name, text) in new[] { ("upstream.key", upstreamKey.PrivateText), ("tls.key", await ReadAsync(tls.Key)), ("agent.key", await ReadAsync(agentTls.Key)) })
            KeepPem(name, text);
        _secrets["proxy secret"] = proxyKey.PrivateText.Trim();
        _secrets["admin secret"] = adminKey.PrivateText.Trim();
        _secrets["key of the gossip"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        _secrets["password of the HTTP proxy"] = ProxyPassword;
        _secrets["the service's own credential"] = "c2VydmljZTpvd25zZWNyZXQ=";
        var agentToken = folder.Write("agent.token", await MintAsync("agent", upstreamKey));
        var strangersToken = folder.Write("stranger.token", await MintAsync("stranger", stranger));
        var client = await MintAsync("client", proxyKey);
        var clientToken = folder.Write("client.token", client);
        var admin = await MintAsync("admin", adminKey);
        var adminToken = folder.Write("admin.token", admin);
        // A cluster of one: a node may be among the targets that it joins.
        var gossip = $"127.0.0.1:{Ports.Free()}";
        string[] serverOptions =
        [
            "--cluster.bind-addr", gossip, "--cluster.join", gossip, "--cluster.join-timeout", "1s", "--cluster.key", _secrets["key of the gossip"],
            "--proxy.tls.certificate-file", tls.Certificate, "--proxy.tls.key-file", tls.Key, "--proxy.auth.secret-files", folder.Write("proxy.secret", proxyKey.PrivateText),
            "--upstream.tls.certificate-file", tls.Certificate, "--upstream.tls.key-file", tls.Key, "--upstream.tls.client-ca-file", agentTls.Certificate,
            "--upstream.auth.public-key", upstreamKey.PublicPem!, "--admin.auth.secret", adminKey.PrivateText.Trim(), "--log.level", "trace",
        ];
        await using var web = RawService.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var db = RawService.Start(async connection => await connection.SendAsync(await connection.ReadTextAsync(4)));
        await using var server = await ServerProcess.StartAsync(serverOptions);

        // Agents: a good one, one with a stranger's token, one without a certificate, one behind a proxy that wants to know its password.
        string[] toServer = ["--server", $"wss://{server.Upstream.Authority}", "--server-tls.ca-file", tls.Certificate, "--connections", "1", "--log.level", "trace"];
        string[] withCertificate = [.. toServer, "--server-tls.certificate-file", agentTls.Certificate, "--server-tls.key-file", agentTls.Key];
        var endpoints = $"web/http://127.0.0.1:{web.Port},db/tcp://127.0.0.1:{db.Port}";
        await using var agent = PicoProgram.Start("agent", ["--endpoints", endpoints, .. withCertificate, "--token-file", agentToken]);
        await using var refused = PicoProgram.Start("agent", ["--endpoints", "web/1", .. withCertificate, "--token-file", strangersToken]);
        await using var nobody = PicoProgram.Start("agent", ["--endpoints", "web/1", .. toServer, "--token-file", agentToken]);
        await using var corporate = RawService.Answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        await using var behindProxy = PicoProgram.Start(
            "agent", ["--endpoints", "web/1", .. withCertificate, "--token-file", agentToken, "--http-proxy", $"http://me:{ProxyPassword}@127.0.0.1:{corporate.Port}"]);
        await agent.WaitUntilAsync("both endpoints are registered", () => Count(agent.Log, "Registered ") == 2);
        await refused.WaitUntilAsync("the stranger's token is refused", () => refused.Log.Contains("credential is rejected", StringComparison.Ordinal));
        await nobody.WaitUntilAsync("no tunnel without a certificate", () => nobody.Log.Contains("No tunnel", StringComparison.Ordinal));
        await behindProxy.WaitUntilAsync("no tunnel through the proxy", () => behindProxy.Log.Contains("No tunnel", StringComparison.Ordinal));

        // Clients: each way in with a good token and with others.
        string[] curl = ["--cacert", tls.Certificate, "-H", "x-pico-endpoint: web", $"https://127.0.0.1:{server.Proxy.Port}/"];
        foreach (var version in new[] { "--http1.1", "--http2" })
        {
            Keep("allowed", (await Curl.RunAsync([version, "-H", $"Authorization: Bearer {client}", .. curl])).Succeeded());
            Keep("allowed beside", (await Curl.RunAsync([version, "-H", $"x-pico-authorization: Bearer {client}", "-H", "Authorization: Basic c2VydmljZTpvd25zZWNyZXQ=", .. curl])).Succeeded());
            foreach (var wrong in new[] { await MintAsync("forged", stranger), client[..^8], client + "." + client, new string('x', 20_000) })
                Keep("refused", await Curl.RunAsync([version, "-H", $"Authorization: Bearer {wrong}", .. curl]));
        }

        foreach (var token in new[] { clientToken, strangersToken })
            await ForwardAsync(server, tls, token);

        // Operators.
        string[] status = ["--server", server.Admin.GetLeftPart(UriPartial.Authority)];
        Keep("/status", (await Curl.RunAsync(["-H", $"Authorization: Bearer {admin}", new Uri(server.Admin, "/status").ToString()])).Succeeded());
        Keep("/metrics", (await Curl.RunAsync(["-H", $"Authorization: Bearer {admin}", new Uri(server.Admin, "/metrics").ToString()])).Succeeded());
        Keep("/status, refused", (await Curl.RunAsync(["-H", $"Authorization: Bearer {client}", new Uri(server.Admin, "/status").ToString()])).Succeeded(401));
        Keep("pico status", (await PicoProgram.RunAsync("status", [.. status, "--token-file", adminToken])).Succeeded());
        Keep("pico status, refused", await PicoProgram.RunAsync("status", [.. status, "--token-file", clientToken]));
        Keep("print-config of server", (await PicoProgram.RunAsync("server", [.. serverOptions, "--print-config"])).Succeeded());
        Keep("a mistake", await PicoProgram.RunAsync("server", [.. serverOptions, "--admin.auth.clock-skew", "soon"]));
        Keep("inspect", await PicoProgram.RunAsync("token", "inspect", "--file", agentToken));
        foreach (var (name, process) in new[] { ("server", server.Process), ("agent", agent), ("refused agent", refused), ("agent without a certificate", nobody), ("agent behind a proxy", behindProxy) })
        {
            Assert.Contains("Configuration: ", process.Log, StringComparison.Ordinal); // from the first line on
            _said[name] = process.Log;
        }

        Assert.Contains(" debug ", server.Process.Log, StringComparison.Ordinal);
        var found = _said.SelectMany(said => _secrets.Where(s => said.Value.Contains(s.Value, StringComparison.Ordinal)).Select(s => $"{said.Key} says {s.Key}"));
        Assert.Empty(found);
        // The search itself: it finds what is there.
        Assert.Contains("web", _said["/status"], StringComparison.Ordinal);
        Assert.True(_secrets.Count > 15);
    }

    private static int Count(string text, string word) => text.Split(word).Length - 1;

    private static Task<string> ReadAsync(string file) => File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);

    private async Task ForwardAsync(ServerProcess server, CertificateFiles tls, string token)
    {
        var port = Ports.Free();
        await using var forward = PicoProgram.Start(
            "forward", $"{port}", "db", "--server", $"wss://{server.Proxy.Authority}", "--server-tls.ca-file", tls.Certificate, "--token-file", token, "--log.level", "trace");
        await forward.WaitUntilAsync("the forwarder listens", () => TcpProbe.Listens(port));
        await using var connection = await RawConnection.ConnectAsync(new Uri($"http://127.0.0.1:{port}/"));
        try
        {
            await connection.SendAsync("ping");
            await connection.ReadToEndAsync();
        }
        catch (IOException)
        {
            // Refused.
        }

        _said[$"forward with {Path.GetFileName(token)}"] = forward.Log;
    }

    /// <summary>Makes a token; it is a secret as a whole, and so is its signature.</summary>
    private async Task<string> MintAsync(string name, SigningKey key)
    {
        var minted = await TokenMinter.MintAsync(
            key, new TokenRequest { Endpoints = ["*"], Subject = name, Lifetime = TimeSpan.FromHours(1) }, TimeProvider.System, TestContext.Current.CancellationToken);
        _secrets[$"token of {name}"] = minted.Token;
        _secrets[$"claims of {name}"] = minted.Token.Split('.')[1];
        _secrets[$"signature of {name}"] = minted.Token.Split('.')[2][..30];
        return minted.Token;
    }

    private void KeepPem(string name, string pem)
    {
        var lines = pem.Split('\n').Where(l => l.Length > 40 && !l.StartsWith('-')).ToArray();
        for (var i = 0; i < lines.Length; i++)
            _secrets[$"{name}, line {i + 1}"] = lines[i];
        // So that a decoded key would be found as well.
        if (PemEncoding.TryFind(pem, out var fields))
            _secrets[$"{name} in one line"] = pem[fields.Base64Data].ReplaceLineEndings("");
    }

    private void Keep(string what, CurlResponse reply) => _said[what] = _said.GetValueOrDefault(what) + reply.Heads + reply.Text;

    private void Keep(string what, CommandResult result) => _said[what] = result.Text + result.Error;
}
