using System.Collections.Concurrent;
using Pico.Server.Hosting;
using Pico.Tests.Server.Auth;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>Tokens of clients on the lean path, from raw bytes to raw bytes.</summary>
public sealed class Http1TokenTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly ConcurrentQueue<string> _seen = new();

    private static string Good => TokenMint.Create("HS256", TimeProvider.System.GetUtcNow(), new { endpoints = new[] { "orders" } });

    [Fact]
    public async Task Authorization_WithTheToken_IsNotPassedOn()
    {
        await using var harness = await StartAsync();
        var client = harness.Connect();
        var token = Good;
        // The first is verified, the others found.
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: orders.test\r\nA: 1\r\nAuthorization: Bearer {token}\r\nB: 2\r\n\r\n");
            Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        }

        Assert.All(_seen, head => Assert.Equal("GET / HTTP/1.1\r\nHost: orders.test\r\nA: 1\r\nB: 2\r\n" + Http1RelayTests.Trail("orders.test") + "\r\n", head));
        Assert.Equal((3, 1), (_seen.Count, harness.Streams));
    }

    [Fact]
    public async Task OwnHeader_WithTheToken_LeavesAuthorizationToTheService()
    {
        await using var harness = await StartAsync();
        var client = harness.Connect();

        await client.SendAsync($"GET / HTTP/1.1\r\nHost: orders.test\r\nAuthorization: Basic YTpi\r\nX-Pico-Authorization: Bearer {Good}\r\n\r\n");

        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        Assert.Equal("GET / HTTP/1.1\r\nHost: orders.test\r\nAuthorization: Basic YTpi\r\n" + Http1RelayTests.Trail("orders.test") + "\r\n", Assert.Single(_seen));
    }

    [Fact]
    public async Task OwnHeader_ThatIsBad_IsNotMadeGoodByAuthorization()
    {
        await using var harness = await StartAsync();
        var client = harness.Connect();

        await client.SendAsync($"GET / HTTP/1.1\r\nHost: orders.test\r\nx-pico-authorization: Bearer x.y.z\r\nAuthorization: Bearer {Good}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 401 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task WithoutKeys_AuthorizationPassesAndTheOwnHeaderDoesNot()
    {
        await using var harness = await StartAsync(asksForTokens: false);
        var client = harness.Connect();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: orders.test\r\nAuthorization: Bearer x\r\nx-pico-authorization: Bearer y\r\nConnection: authorization\r\n\r\n");

        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        Assert.Equal("GET / HTTP/1.1\r\nHost: orders.test\r\nAuthorization: Bearer x\r\n" + Http1RelayTests.Trail("orders.test") + "\r\n", Assert.Single(_seen));
    }

    [Fact]
    public async Task Refused_SaysWhyAndKeepsTheConnection()
    {
        await using var harness = await StartAsync();
        var client = harness.Connect();
        var expired = TokenMint.Create("HS256", TimeProvider.System.GetUtcNow(), lifetime: TimeSpan.FromHours(-1), validAfter: TimeSpan.FromHours(-2));

        var missing = await AskAsync(client, "Host: orders.test\r\n");
        Assert.Contains("401 Unauthorized", missing, StringComparison.Ordinal);
        Assert.Contains("\r\nx-pico-error: unauthorized\r\n", missing, StringComparison.Ordinal);
        Assert.Contains("\r\nWWW-Authenticate: Bearer realm=\"pico\"\r\n", missing, StringComparison.Ordinal);
        Assert.Contains("x-pico-authorization", missing, StringComparison.Ordinal);

        var late = await AskAsync(client, $"Host: orders.test\r\nAuthorization: Bearer {expired}\r\n");
        Assert.Contains("\r\nx-pico-error: token_expired\r\n", late, StringComparison.Ordinal);
        Assert.Contains("error=\"invalid_token\"", late, StringComparison.Ordinal);
        Assert.Contains("the token expired at", late, StringComparison.Ordinal);

        var twice = await AskAsync(client, $"Host: orders.test\r\nAuthorization: Bearer {Good}\r\nAuthorization: Bearer {Good}\r\n");
        Assert.Contains("more than one Authorization", twice, StringComparison.Ordinal);

        // What exists and what doesn't look the same to whoever is not permitted, and to whoever has no token.
        var forbidden = await AskAsync(client, $"Host: payments.test\r\nAuthorization: Bearer {Good}\r\n");
        Assert.Contains("403 Forbidden", forbidden, StringComparison.Ordinal);
        Assert.Contains("\r\nx-pico-error: endpoint_not_permitted\r\n", forbidden, StringComparison.Ordinal);
        Assert.Equal(WithoutDate(missing), WithoutDate(await AskAsync(client, "Host: nosuch.test\r\n")));

        Assert.Contains("200 OK", await AskAsync(client, $"Host: orders.test\r\nAuthorization: Bearer {Good}\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_BehindARefusedHead_IsNotTakenForARequest()
    {
        await using var harness = await StartAsync();
        var client = harness.Connect();

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 41\r\n\r\nGET /evil HTTP/1.1\r\nHost: orders.test\r\n\r\nGET /next HTTP/1.1\r\nHost: orders.test\r\nAuthorization: Bearer {Good}\r\n\r\n");

        Assert.Contains("401", await ReadAsync(client), StringComparison.Ordinal);
        Assert.Contains("200", await ReadAsync(client), StringComparison.Ordinal);
        Assert.StartsWith("GET /next ", Assert.Single(_seen), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_ThatIsVerified_MayComeInPiecesAndBePipelined()
    {
        await using var harness = await StartAsync();
        var client = harness.Connect();
        // Each token is another one, so each is verified.
        var requests = string.Concat(Enumerable.Range(0, 5).Select(i =>
            $"GET /{i} HTTP/1.1\r\nHost: orders.test\r\nAuthorization: Bearer {TokenMint.Create("HS256", TimeProvider.System.GetUtcNow(), new { endpoints = new[] { "orders", $"e{i}" } })}\r\n\r\n"));

        foreach (var piece in requests.Chunk(97))
            await client.SendAsync(new string(piece));

        for (var i = 0; i < 5; i++)
            Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"GET /{i} HTTP/1.1"), _seen.Select(head => head.Split("\r\n")[0]));
    }

    [Fact]
    public async Task H2cEndpoint_IsHandedOverOnlyToWhoMayKnowOfIt()
    {
        var options = new ProxyOptions();
        options.Auth.Secret = TokenMint.Secret;
        await using var harness = await Http1Harness.StartAsync(_ => Task.CompletedTask, options, protocol: EndpointProtocol.H2C);

        var stranger = harness.Connect();
        Assert.Contains("401", await AskAsync(stranger, "Host: orders.test\r\n"), StringComparison.Ordinal);
        var client = harness.Connect();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: orders.test\r\nAuthorization: Bearer {Good}\r\n\r\n");
        Assert.False(await client.Served.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    private static string WithoutDate(string response) => string.Join("\n", response.Split("\r\n").Where(l => !l.StartsWith("Date:", StringComparison.Ordinal)));

    private static async Task<string> AskAsync(MemoryConnection client, string fields)
    {
        await client.SendAsync($"GET / HTTP/1.1\r\n{fields}\r\n");
        return await ReadAsync(client);
    }

    private static async Task<string> ReadAsync(MemoryConnection client)
    {
        var head = await client.ReadHeadAsync();
        var length = head.Split("Content-Length: ")[1];
        return head + await client.ReadAsync(int.Parse(length[..length.IndexOf('\r')], System.Globalization.CultureInfo.InvariantCulture));
    }

    private Task<Http1Harness> StartAsync(bool asksForTokens = true)
    {
        var options = new ProxyOptions();
        if (asksForTokens)
            options.Auth.Secret = TokenMint.Secret;
        return Http1Harness.StartAsync(
            head =>
            {
                _seen.Enqueue(head);
                return Ok;
            },
            options);
    }
}
