using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Security;

/// <summary>Tokens that another library made, before a real server: the good ones of all nine algorithms, and everything that can be wrong with each.</summary>
public sealed class ForeignTokenTests(ForeignTokens tokens) : IClassFixture<ForeignTokens>
{
    /// <summary>Each fault with the code and the words of the refusal.</summary>
    private static readonly (string Fault, string Code, string Reason)[] Faults =
    [
        ("expired", "token_expired", "the token expired at "),
        ("not yet valid", "unauthorized", "the token is valid from "),
        ("wrong audience", "unauthorized", "(aud) does not contain 'pico'"),
        ("no audience", "unauthorized", "(aud) does not contain 'pico'"),
        ("wrong issuer", "unauthorized", "(iss) is not 'https://issuer.example'"),
        ("no issuer", "unauthorized", "(iss) is not 'https://issuer.example'"),
        ("another key", "unauthorized", "signature is wrong"),
        ("alg none", "unauthorized", "algorithm 'none' is not accepted"),
        ("alg none, signed", "unauthorized", "algorithm 'none' is not accepted"),
        ("public key as secret", "unauthorized", "signature is wrong"),
        ("another curve", "unauthorized", "signature is wrong"),
        ("truncated in the signature", "unauthorized", "signature is wrong"),
        ("truncated in the claims", "unauthorized", "no signed JWT"),
        ("claim altered", "unauthorized", "signature is wrong"),
        ("pico is text", "unauthorized", "'pico' is not an object"),
        ("endpoints is text", "unauthorized", "'pico.endpoints' is not an array of strings"),
        ("endpoints has a number", "unauthorized", "'pico.endpoints' is not an array of strings"),
        ("maxStreams is text", "unauthorized", "'pico.maxStreams' is not a positive whole number"),
        ("exp is text", "unauthorized", "'exp' is not a time"),
    ];

    public static TheoryData<string> Algorithms => [.. ForeignTokens.Algorithms];

    public static TheoryData<string> FaultNames => [.. Faults.Select(f => f.Fault)];

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Algorithms))]
    public async Task GoodToken_OfEachAlgorithm_LetsAnAgentRegisterWhatItPermits(string algorithm)
    {
        var token = tokens.Find(algorithm)!;
        var id = algorithm.ToLowerInvariant();
        await using var service = RawService.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var agent = await AgentProcess.StartAsync(
            tokens.Server.Upstream, $"{id}/http://127.0.0.1:{service.Port}", "--token-file", tokens.Write(token), "--connections", "1");

        Assert.Equal("ok", (await Curl.RunAsync(["-H", $"x-pico-endpoint: {id}", tokens.Server.Proxy.ToString()])).Succeeded().Text);
        tokens.IsNotLogged(token);
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(FaultNames))]
    public async Task Fault_WithEachAlgorithmThatCanHaveIt_IsRefusedWithItsReason(string fault)
    {
        var (_, code, reason) = Array.Find(Faults, f => f.Fault == fault);
        var count = 0;
        foreach (var algorithm in ForeignTokens.Algorithms)
        {
            if (tokens.Find(algorithm, fault) is not { } token)
                continue;
            count++;
            var (head, body) = await UpgradeAsync(token);
            Assert.StartsWith("HTTP/1.1 401 ", head, StringComparison.Ordinal);
            Assert.Contains($"x-pico-error: {code}\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("error_description=\"", head, StringComparison.Ordinal);
            Assert.Contains(reason, head, StringComparison.Ordinal);
            Assert.Contains("\"detail\"", body, StringComparison.Ordinal);
            Assert.DoesNotContain(token.Split('.')[^1].PadRight(12)[..12], head + body, StringComparison.Ordinal);
            tokens.IsNotLogged(token);
        }

        Assert.InRange(count, 3, ForeignTokens.Algorithms.Length);
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(FaultNames))]
    public async Task Agent_WhoseTokenIsRefused_SaysWhy(string fault)
    {
        var (_, _, reason) = Array.Find(Faults, f => f.Fault == fault);
        var algorithm = ForeignTokens.Algorithms.Last(a => tokens.Find(a, fault) is not null);
        var token = tokens.Find(algorithm, fault)!;
        await using var agent = AgentProcess.Launch(
            tokens.Server.Upstream, $"{algorithm.ToLowerInvariant()}/http://127.0.0.1:1", "--token-file", tokens.Write(token), "--connections", "1", "--log.level", "trace");

        await agent.Process.WaitUntilAsync("the agent is refused", () => agent.Process.Log.Contains("credential is rejected", StringComparison.Ordinal));

        Assert.Contains(reason, agent.Process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(token, agent.Process.Log, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task TokenOf1MiB_IsRefusedByTheServer_AndNotEvenSentByAnAgent()
    {
        foreach (var algorithm in ForeignTokens.Algorithms)
        {
            var (head, _) = await UpgradeAsync(tokens.Find(algorithm, "1 MiB")!);
            Assert.StartsWith("HTTP/1.1 431 ", head, StringComparison.Ordinal);
        }

        await using var agent = AgentProcess.Launch(
            tokens.Server.Upstream, "hs256/http://127.0.0.1:1", "--token-file", tokens.Write(tokens.Find("HS256", "1 MiB")!), "--connections", "1");
        await agent.Process.WaitUntilAsync("the agent refuses", () => agent.Process.Log.Contains("is larger than", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task AgentWithAGoodToken_IsRefusedWhatItDoesNotPermit_AndServesTheRest()
    {
        await using var service = RawService.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var agent = AgentProcess.Launch(
            tokens.Server.Upstream, $"payments/http://127.0.0.1:{service.Port},team-a-shop/http://127.0.0.1:{service.Port}", "--token-file", tokens.Write(tokens.Find("ES256")!), "--connections", "1");

        await agent.Process.WaitUntilAsync("a registration is refused", () => agent.Process.Log.Contains("endpoint_not_permitted", StringComparison.Ordinal));
        await agent.Process.WaitUntilAsync("the other is served", async _ =>
            (await Curl.RunAsync(["-H", "x-pico-endpoint: team-a-shop", tokens.Server.Proxy.ToString()])).Status == 200);
        (await Curl.RunAsync(["-H", "x-pico-endpoint: payments", tokens.Server.Proxy.ToString()])).IsPicoError(502, "no_available_upstreams");
    }

    /// <summary>Asks for a tunnel as agents do, byte by byte.</summary>
    private async Task<(string Head, string Body)> UpgradeAsync(string token)
    {
        await using var connection = await RawConnection.ConnectAsync(tokens.Server.Upstream);
        try
        {
            await connection.SendAsync(
                "GET /pico/v1/tunnel HTTP/1.1\r\nHost: pico\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + $"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: pico.v1\r\nAuthorization: Bearer {token}\r\n\r\n");
        }
        catch (IOException)
        {
            // The server has read enough of a head that is too large; its answer may stand there.
        }

        var head = await connection.ReadHeadAsync();
        var isChunked = head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.OrdinalIgnoreCase);
        return (head, isChunked ? (await connection.ReadChunkedAsync()).Body : "");
    }
}
