namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>What passes through, from raw bytes to raw bytes.</summary>
public sealed class Http1RelayTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task Request_PassesByteByByteInItsOrder()
    {
        var seen = new TaskCompletionSource<string>();
        await using var harness = await Http1Harness.StartAsync(head =>
        {
            seen.SetResult(head);
            return Ok;
        });
        var client = harness.Connect();

        await client.SendAsync(
            "GET /a%2Fb/../c/%7Ex?q=%41&|{} HTTP/1.1\r\naccept: */*\r\nHost: orders.test:8000\r\nX-A: 1\r\nx-a:2\r\nX-EMPTY:\r\nX-Spaced:   b  c\t \r\nx-a: 1\r\nx-pico-endpoint: orders\r\n\r\n");

        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        Assert.Equal(
            "GET /a%2Fb/../c/%7Ex?q=%41&|{} HTTP/1.1\r\naccept: */*\r\nHost: orders.test:8000\r\nX-A: 1\r\nx-a:2\r\nX-EMPTY:\r\nX-Spaced:   b  c\t \r\nx-a: 1\r\nx-pico-endpoint: orders\r\n"
            + Trail("orders.test:8000") + "\r\n",
            await seen.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Response_PassesByteByByteInItsOrder()
    {
        const string Response = "HTTP/1.1 299 Odd But Fine\r\nSet-Cookie: a=1\r\nset-cookie:b=2\r\nDate: x\r\nX-\u0041:\t \u00e9  \r\nContent-Length: 5\r\nSet-Cookie: a=1\r\n\r\nhello";
        await using var harness = await Http1Harness.StartAsync(_ => Response);
        var client = harness.Connect();

        await client.SendAsync(Get);

        Assert.Equal(Response, await client.ReadAsync(Response.Length));
    }

    [Fact]
    public async Task Response_FieldsOfOneHopAndOurErrorHeader_AreRemoved()
    {
        await using var harness = await Http1Harness.StartAsync(_ =>
            "HTTP/1.1 200 OK\r\nA: 1\r\nConnection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5\r\nx-pico-error: bad_request\r\nX-Mine: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n");
        var client = harness.Connect();

        await client.SendAsync(Get);

        Assert.Equal("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n", await client.ReadHeadAsync());
    }

    [Fact]
    public async Task KeepAlive_ManyRequests_UseOneStream()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync(Get);
            Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        }

        Assert.Equal(1, harness.Streams);
    }

    [Fact]
    public async Task Pipelining_AnswersComeInOrder()
    {
        await using var harness = await Http1Harness.StartAsync(head =>
        {
            var path = head[4..head.IndexOf(' ', 4)];
            return $"HTTP/1.1 200 OK\r\nContent-Length: {path.Length}\r\n\r\n{path}";
        });
        var client = harness.Connect();

        await client.SendAsync(string.Concat(Enumerable.Range(0, 50).Select(i => $"GET /{i:000} HTTP/1.1\r\nHost: orders.test\r\n\r\n")));

        for (var i = 0; i < 50; i++)
            Assert.Equal($"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n/{i:000}", await client.ReadAsync(42));
    }

    [Fact]
    public async Task Request_ByteByByte_IsServed()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        foreach (var b in "\r\n" + Get)
            await client.SendAsync(b.ToString());

        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n")]
    public async Task Response_WithoutBody_LeavesTheConnectionForTheNext(string method, string response)
    {
        await using var harness = await Http1Harness.StartAsync(head => head.StartsWith("GET /ok", StringComparison.Ordinal) ? Ok : response);
        var client = harness.Connect();

        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: orders.test\r\n\r\nGET /ok HTTP/1.1\r\nHost: orders.test\r\n\r\n");

        Assert.Equal(response + Ok, await client.ReadAsync(response.Length + Ok.Length));
        Assert.Equal(1, harness.Streams);
    }

    [Fact]
    public async Task ChunkedBothWays_PassesVerbatimWithTrailers()
    {
        const string Body = "5;a=b\r\nhello\r\n0\r\nDigest: x\r\n\r\n";
        var seen = new TaskCompletionSource<string>();
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            seen.SetResult(await stream.ReadToAsync("Digest: x\r\n\r\n"));
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding:  CHUNKED\r\n\r\n" + Body);
        });
        var client = harness.Connect();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: CHUNKED\r\n\r\n5;a=b\r\nhel");
        await client.SendAsync("lo\r\n0\r\nDigest: x\r\n");
        await client.SendAsync("\r\n");

        Assert.Equal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Body, await client.ReadToAsync("Digest: x\r\n\r\n"));
        Assert.Equal(Body, await seen.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Echo_WhileTheServiceStillReceives_ArrivesWhole()
    {
        const int Pieces = 200;
        var piece = new string('x', 16 * 1024);
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            await stream.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Pieces * piece.Length}\r\n\r\n");
            for (var i = 0; i < Pieces; i++)
                await stream.WriteAsync(await stream.ReadAsync(piece.Length));
            await stream.ReadHeadAsync();
            await stream.WriteAsync(Ok);
        });
        var client = harness.Connect();

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: {Pieces * piece.Length}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
        for (var i = 0; i < Pieces; i++)
        {
            await client.SendAsync(piece);
            Assert.Equal(piece, await client.ReadAsync(piece.Length));
        }

        await client.SendAsync(Get);
        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        Assert.Equal(1, harness.Streams);
    }

    [Fact]
    public async Task InterimResponses_PassOn()
    {
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            await stream.WriteAsync("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
            Assert.Equal("hello", await stream.ReadAsync(5));
            await stream.WriteAsync(Ok);
        });
        var client = harness.Connect();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.Equal("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", await client.ReadHeadAsync());
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadHeadAsync());
        await client.SendAsync("hello");

        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
    }

    [Fact]
    public async Task EarlyAnswer_ToAClientThatWaitsFor100_EndsTheConnection()
    {
        const string Response = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
        await using var harness = await Http1Harness.StartAsync(_ => Response);
        var client = harness.Connect();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");

        Assert.Equal("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", await client.ReadHeadAsync());
        client.EndSending();
        Assert.Equal("", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Early413_ReachesAClientThatStillSends()
    {
        const string Response = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig";
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            await stream.WriteAsync(Response);
            stream.End();
        });
        var client = harness.Connect();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 10000000\r\n\r\n");
        Assert.Equal("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig", await client.ReadToAsync("big"));
        for (var i = 0; i < 100; i++)
            await client.SendAsync(new string('x', 100_000));

        // The body was read to its end, so the connection is good for another request, and the service's is not.
        await client.SendAsync(Get);
        Assert.Contains("413", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(2, harness.Streams);
    }

    [Fact]
    public async Task Http10Client_GetsNoChunksAndTheConnectionsEnd()
    {
        await using var harness = await Http1Harness.StartAsync(
            _ => "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\nT: 1\r\n\r\n");

        Assert.Equal(
            "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\nhello world",
            await harness.ExchangeAsync("GET / HTTP/1.0\r\nx-pico-endpoint: orders\r\nConnection: keep-alive\r\n\r\n"));
    }

    [Fact]
    public async Task Http10Client_ThatAsksForIt_IsKept()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync("GET / HTTP/1.0\r\nHost: orders.test\r\nConnection: Keep-Alive\r\n\r\n");
            Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", await client.ReadToAsync("ok"));
        }
    }

    [Fact]
    public async Task ResponseUntilClose_EndsWithTheClientsConnection()
    {
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\nabc");
            await stream.WriteAsync("def");
            stream.End();
        });

        Assert.Equal("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef", await harness.ExchangeAsync(Get));
    }

    [Fact]
    public async Task ConnectionClose_IsAnsweredAndKept()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);

        Assert.Equal(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            await harness.ExchangeAsync("GET / HTTP/1.1\r\nHost: orders.test\r\nConnection: close\r\n\r\n" + Get));
    }

    [Fact]
    public async Task AbsoluteTarget_BecomesOriginFormWithItsHost()
    {
        var seen = new TaskCompletionSource<string>();
        await using var harness = await Http1Harness.StartAsync(head =>
        {
            seen.SetResult(head);
            return Ok;
        });
        var client = harness.Connect();

        await client.SendAsync("GET http://orders.test:81?a=%2F HTTP/1.1\r\nHost: other.test\r\n\r\n");

        await client.ReadHeadAsync();
        Assert.Equal("GET /?a=%2F HTTP/1.1\r\nHost: orders.test:81\r\n" + Trail("orders.test:81") + "\r\n", await seen.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task LargeBody_ToAndFro_ArrivesWhole()
    {
        var body = string.Concat(Enumerable.Range(0, 300_000).Select(i => (char)('a' + i % 26)));
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            var received = await stream.ReadAsync(body.Length);
            await stream.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {received.Length}\r\n\r\n{received}");
        });
        var client = harness.Connect();

        await client.SendAsync($"PUT / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        await client.ReadHeadAsync();
        Assert.Equal(body, await client.ReadAsync(body.Length));
    }

    internal const string Get = "GET / HTTP/1.1\r\nHost: orders.test\r\n\r\n";

    internal static string Trail(string host) =>
        $"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: {host}\r\n"
        + $"Forwarded: for=192.0.2.7;host={(host.Contains(':', StringComparison.Ordinal) ? $"\"{host}\"" : host)};proto=http\r\n";
}
