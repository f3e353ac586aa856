using System.Collections.Concurrent;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>
/// Requests that some recipient would read otherwise than another: each is either refused, with nothing of it or of what follows reaching a service,
/// or reaches the service as exactly the bytes that leave no doubt.
/// </summary>
public sealed class SmugglingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: orders.test\r\n\r\n";

    /// <summary>Fields that make a request's framing ambiguous. The request is <c>POST / HTTP/1.1</c> with a good Host.</summary>
    public static TheoryData<string> BadFields { get; } =
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 0",
        "Content-Length: 5\r\nX: y\r\ncontent-length: 6",
        "Content-Length: 5, 5",
        "Content-Length: 5,",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5;",
        "Content-Length: 5.0",
        "Content-Length: 05",
        "Content-Length: 5e0",
        "Content-Length:",
        "Content-Length: \v5",
        "Content-Length: \u00b2",
        "Content-Length: 9223372036854775808",
        "Content-Length: 18446744073709551621",
        "Content-Length : 5",
        "Content-Length\t: 5",
        "Content_Length: 5",
        "content_length: 5",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: , chunked",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked x",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunke\u0064\u0000",
        "Transfer-Encoding: \vchunked",
        "Transfer-Encoding: chunked\f",
        "Transfer-Encoding:",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "Transfer_Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding\r\n: chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "X: y\r\n\tTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\nTransfer-Encoding: chunked",
        "X: y\r\r\nTransfer-Encoding: chunked",
        "\rTransfer-Encoding: chunked",
        "X: y\n",
        "X: a\u0000b",
        "X: a\u007fb",
        "X: a\u0001b",
        "X\u0000: a",
        "X Y: a",
        "X(: a",
        "X\u00e9: a",
        ": a",
        "no colon",
        "Host: orders.test",
        "Host: other.test",
    ];

    /// <summary>Heads that are no requests.</summary>
    public static TheoryData<string> BadHeads { get; } =
    [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test/x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: user@orders.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test:80:80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test:port\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test, other.test\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : orders.test\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: orders.test\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /  HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: orders.test\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET\t/ HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /\u0001 HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /\u00e9 HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /\u007f HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /#fragment HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET /\rx HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/1.1\nHost: orders.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test\n\r\n",
        "GET / HTTP/1.1\r\nHost: orders.test\r\n\n",
        "GET / HTTP/1.2\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/0.9\r\nHost: orders.test\r\n\r\n",
        "GET / http/1.1\r\nHost: orders.test\r\n\r\n",
        "GET / HTTP/1.10\r\nHost: orders.test\r\n\r\n",
        "GET /\r\nHost: orders.test\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "G\u00e9T / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET orders HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET orders.test:80 HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET ftp://orders.test/ HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET http:///x HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET http://user@orders.test/ HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "GET http://orders.test/ HTTP/1.1\r\n\r\n",
        "CONNECT orders.test:80 HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "CONNECT / HTTP/1.1\r\nHost: orders.test\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];

    /// <summary>Chunked bodies that are none.</summary>
    public static TheoryData<string> BadChunks { get; } =
    [
        "5 \r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5;x\nhello\r\n0\r\n\r\n",
        "5;x\rhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "0\r\nHost: other.test\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX: y\r\n folded\r\n\r\n",
    ];

    /// <summary>What is let through, and what the service gets of it (without the trail of proxies).</summary>
    public static TheoryData<string, string> Good { get; } = new()
    {
        { "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\n\r\nhello", "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\n~\r\nhello" },
        { "\r\n\r\nGET / HTTP/1.1\r\nHost: orders.test\r\n\r\n", "GET / HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
        {
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: \tChUnKeD \t\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n~\r\n5\r\nhello\r\n0\r\n\r\n"
        },
        {
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n2d\r\n" + Smuggled + "\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n~\r\n2d\r\n" + Smuggled + "\r\n0\r\n\r\n"
        },
        {
            "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 45\r\n\r\n" + Smuggled,
            "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 45\r\n~\r\n" + Smuggled
        },
        {
            "POST / HTTP/1.1\r\nConnection: Host, Content-Length, x-pico-endpoint, close\r\nHost: orders.test\r\nContent-Length: 5\r\nx-pico-endpoint: orders\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\nx-pico-endpoint: orders\r\n~\r\nhello"
        },
        {
            "POST / HTTP/1.1\r\nConnection: Transfer-Encoding\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n~\r\n0\r\n\r\n"
        },
        {
            "GET / HTTP/1.1\r\nHost: orders.test\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip, trailers\r\nX-End: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\nX-End: 1\r\n~Connection: TE\r\nTE: trailers\r\n\r\n"
        },
        {
            "GET / HTTP/1.1\r\nHost: orders.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\n~\r\n"
        },
        {
            "POST / HTTP/1.1\r\nHost: orders.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
            "POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 2\r\n~\r\nhi"
        },
        {
            "GET / HTTP/1.1\r\nX-Forwarded-For: 10.0.0.1\r\nHost: orders.test\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\nForwarded: for=10.0.0.1\r\nConnection: X-Forwarded-For\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\n~\r\n"
        },
        {
            "GET / HTTP/1.1\r\nHost: orders.test\r\nX_Forwarded_For: 10.0.0.1\r\nX-Forwarded-Ssl: on\r\nx-forwarded-prefix: /admin\r\nX-End: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: orders.test\r\nX-End: 1\r\n~\r\n"
        },
        { "GET http://orders.test HTTP/1.1\r\nHost: victim.test\r\n\r\n", "GET / HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
        { "OPTIONS * HTTP/1.1\r\nHost: orders.test\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
        { "OPTIONS http://orders.test HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
        { "M-SEARCH /%00%0d%0a HTTP/1.1\r\nHost: orders.test\r\n\r\n", "M-SEARCH /%00%0d%0a HTTP/1.1\r\nHost: orders.test\r\n~\r\n" },
    };

    [Theory]
    [MemberData(nameof(BadFields))]
    public Task Fields_ThatLeaveADoubt_Are400(string fields) =>
        AssertRefused($"POST / HTTP/1.1\r\nHost: orders.test\r\n{fields}\r\n\r\nhello");

    [Theory]
    [MemberData(nameof(BadHeads))]
    public Task Heads_ThatAreNoRequest_Are400(string head) => AssertRefused(head);

    [Theory]
    [MemberData(nameof(BadChunks))]
    public Task Chunks_ThatLeaveADoubt_Are400(string body) =>
        AssertRefused($"POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n{body}");

    [Theory]
    [MemberData(nameof(BadChunks))]
    public async Task Chunks_ThatLeaveADoubtLater_NeverReachTheServiceWhole(string body)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var got = new TaskCompletionSource<string>();
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadToAsync("x\r\ny\r\n");
            begun.SetResult();
            try
            {
                got.SetResult(await stream.ReadToAsync("/smuggled"));
            }
            catch (IOException e)
            {
                got.SetResult(e.Message);
                throw;
            }
        });
        var client = harness.Connect();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;");
        await client.SendAsync("x\r\ny\r\n");
        await begun.Task.WaitAsync(Patience);
        await client.SendAsync(body + Smuggled);

        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("/smuggled", await got.Task.WaitAsync(Patience), StringComparison.Ordinal);
        Assert.IsAssignableFrom<IOException>(await harness.ServiceFault.Task.WaitAsync(Patience));
    }

    [Theory]
    [MemberData(nameof(Good))]
    public async Task Request_WithoutADoubt_ReachesTheServiceAsExactlyThis(string request, string expected)
    {
        expected = expected.Replace("~", Http1RelayTests.Trail("orders.test"), StringComparison.Ordinal);
        var got = new TaskCompletionSource<string>();
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            got.SetResult(await stream.ReadAsync(expected.Length));
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await stream.ReadHeadAsync();
        });
        var client = harness.Connect();

        await client.SendAsync(request);

        Assert.Equal(expected, await got.Task.WaitAsync(Patience));
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    private static async Task AssertRefused(string request)
    {
        var heads = new ConcurrentQueue<string>();
        await using var harness = await Http1Harness.StartAsync(head =>
        {
            heads.Enqueue(head);
            return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        });
        var client = harness.Connect();

        await client.SendAsync(request + Smuggled);

        var answer = await client.ReadHeadAsync();
        client.EndSending();
        answer += await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nx-pico-error: bad_request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(0, answer.LastIndexOf("HTTP/1.1", StringComparison.Ordinal));
        Assert.Empty(heads);
        Assert.Equal(0, harness.Streams);
        Assert.True(await client.Served);
    }
}
