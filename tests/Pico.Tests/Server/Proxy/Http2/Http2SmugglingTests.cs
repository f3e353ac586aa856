namespace Pico.Tests.Server.Proxy.Http2;

/// <summary>
/// HTTP/2 can say what HTTP/1.1 would read otherwise. Each such request is either refused, with nothing of it reaching the service, or reaches the service as
/// exactly the bytes that leave no doubt; and the next client is served as if nothing had been. Written as <c>name=value|…</c>, after it the pieces of the body.
/// </summary>
public sealed class Http2SmugglingTests(Http2Target target) : IClassFixture<Http2Target>
{
    private const string Get = ":method=GET|:scheme=http|:authority=orders.test|:path=/";
    private const string Post = ":method=POST|:scheme=http|:authority=orders.test|:path=/";
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: orders.test\r\n\r\n";

    private const string Trail =
        "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: orders.test\r\nForwarded: for=127.0.0.1;host=orders.test;proto=http\r\n";

    public static TheoryData<string> Bad { get; } =
    [
        // Framing and connections of HTTP/1.1.
        $"{Get}|transfer-encoding=chunked",
        $"{Get}|transfer-encoding=identity",
        $"{Get}|transfer-encoding=",
        $"{Get}|transfer_encoding=chunked",
        $"{Get}|content_length=5",
        $"{Get}|connection=close",
        $"{Get}|connection=x-hop|x-hop=1",
        $"{Get}|connection=",
        $"{Get}|keep-alive=timeout=5",
        $"{Get}|proxy-connection=keep-alive",
        $"{Get}|upgrade=h2c",
        $"{Get}|upgrade=websocket",
        $"{Get}|http2-settings=x",
        $"{Get}|te=gzip",
        $"{Get}|te=trailers, chunked",

        // Control bytes, in values and names.
        $"{Get}|x=a\r\nb: c",
        $"{Get}|x=a\nb",
        $"{Get}|x=a\rb",
        $"{Get}|x=a\0b",
        $"{Get}|x=a\u0001",
        $"{Get}|x=a\u007f",
        $"{Get}|x=a\r\n\r\n{Smuggled}",
        $"{Get}|X-Upper=1",
        $"{Get}|x y=1",
        $"{Get}|x:y=1",
        $"{Get}|x:=1",
        $"{Get}|x\r\ny=1",
        $"{Get}|x\0=1",
        $"{Get}|=1",
        $"{Get}|\u00e9=1",
        $"{Get}|x\r\n\r\nGET /smuggled HTTP/1.1=1",

        // Pseudo fields: repeated, late, unknown, missing.
        $"{Get}|:path=/again",
        ":method=GET|:method=POST|:scheme=http|:authority=orders.test|:path=/",
        ":method=GET|:scheme=http|:authority=orders.test|:authority=other.test|:path=/",
        ":method=GET|:scheme=http|x=1|:authority=orders.test|:path=/",
        $":foo=1|{Get}",
        $":status=200|{Get}",
        ":scheme=http|:authority=orders.test|:path=/",
        ":method=GET|:authority=orders.test|:path=/",
        ":method=GET|:scheme=http|:authority=orders.test",
        ":method=GET|:scheme=http|:path=/",

        // The request line.
        ":method=|:scheme=http|:authority=orders.test|:path=/",
        ":method=GET / HTTP/1.1\r\nX: y|:scheme=http|:authority=orders.test|:path=/",
        ":method=G ET|:scheme=http|:authority=orders.test|:path=/",
        ":method=GET\0|:scheme=http|:authority=orders.test|:path=/",
        ":method=GET|:scheme=http|:authority=orders.test|:path=",
        ":method=GET|:scheme=http|:authority=orders.test|:path=/ HTTP/1.1\r\nX: y",
        ":method=GET|:scheme=http|:authority=orders.test|:path=/a b",
        ":method=GET|:scheme=http|:authority=orders.test|:path=/a\r\n",
        ":method=GET|:scheme=http|:authority=orders.test|:path=/\0",
        ":method=GET|:scheme=http|:authority=orders.test|:path=/#f",
        ":method=GET|:scheme=http|:authority=orders.test|:path=/\u00e9",
        ":method=GET|:scheme=http|:authority=orders.test|:path=a",
        ":method=GET|:scheme=http|:authority=orders.test|:path=*",
        ":method=GET|:scheme=http|:authority=orders.test|:path=http://other.test/b",
        ":method=GET|:scheme=http|:authority=orders.test|:path=other.test:80",
        ":method=GET|:scheme=http\r\nX: y|:authority=orders.test|:path=/",
        ":method=GET|:scheme=|:authority=orders.test|:path=/",
        ":method=CONNECT|:authority=orders.test:443",
        ":method=CONNECT|:scheme=http|:authority=orders.test|:path=/",
        ":method=CONNECT|:protocol=foo|:scheme=http|:authority=orders.test|:path=/",
        ":method=GET|:protocol=websocket|:scheme=http|:authority=orders.test|:path=/",

        // Host and endpoint.
        ":method=GET|:scheme=http|:authority=orders.test\r\nX: y|:path=/",
        ":method=GET|:scheme=http|:authority=orders.test/p|:path=/",
        ":method=GET|:scheme=http|:authority=user@orders.test|:path=/",
        ":method=GET|:scheme=http|:authority=orders.test:x|:path=/",
        ":method=GET|:scheme=http|:authority=orders test|:path=/",
        ":method=GET|:scheme=http|:authority=orders.test, other.test|:path=/",
        ":method=GET|:scheme=http|:authority=orders.test\0|:path=/",
        ":method=GET|:scheme=http|:authority=orders.t\u00e9st|:path=/",
        ":method=GET|:scheme=http|:authority=|:path=/",
        ":method=GET|:scheme=http|:path=/|host=orders.test|host=other.test",
        ":method=GET|:scheme=http|:path=/|host=orders.test\r\nX: y",
        $"{Get}|host=a\r\nX: y",
        $"{Get}|x-pico-endpoint=orders|x-pico-endpoint=slow",
        $"{Get}|x-pico-endpoint=orders, slow",
        $"{Get}|x-pico-endpoint=orders\r\nX: y",
        $"{Get}|x-pico-endpoint=",

        // Lengths.
        $"{Get}|content-length=5",
        $"{Post}|content-length=5",
        $"{Post}|content-length=-5|#hello",
        $"{Post}|content-length=0x5|#hello",
        $"{Post}|content-length=5, 5|#hello",
        $"{Post}|content-length=|#hello",
        $"{Post}|content-length=5|content-length=5|#hello",
        $"{Post}|content-length=5|content-length=6|#hello",
        $"{Post}|content-length=99999999999999999999|#hello",
    ];

    public static TheoryData<string, string> Good { get; } = new()
    {
        { Get, $"GET / HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { ":method=GET|:scheme=http|:path=/|host=orders.test", $"GET / HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { $"{Get}|host=other.test", $"GET / HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { $"{Get}|host=orders.test|host=other.test", $"GET / HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { $"{Get}|te=trailers", $"GET / HTTP/1.1\r\nHost: orders.test\r\nTE: trailers\r\nConnection: TE\r\n{Trail}\r\n" },
        { $"{Get}|cookie=a=1|cookie=b=2", $"GET / HTTP/1.1\r\nHost: orders.test\r\nCookie: a=1; b=2\r\n{Trail}\r\n" },
        { $"{Get}|x=\u00e9", $"GET / HTTP/1.1\r\nHost: orders.test\r\nx: \u00e9\r\n{Trail}\r\n" },
        { $"{Get}|x=1|x=2", $"GET / HTTP/1.1\r\nHost: orders.test\r\nx: 1\r\nx: 2\r\n{Trail}\r\n" },
        { $"{Get}|x-forwarded-for=6.6.6.6|forwarded=for=6.6.6.6|x_forwarded_for=6.6.6.6", $"GET / HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { $"{Get}|content-length=0", $"GET / HTTP/1.1\r\nHost: orders.test\r\n{Trail}Content-Length: 0\r\n\r\n" },
        { ":method=get|:scheme=http|:authority=orders.test|:path=/", $"get / HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { ":method=OPTIONS|:scheme=http|:authority=orders.test|:path=*", $"OPTIONS * HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { ":method=GET|:scheme=http|:authority=orders.test|:path=//other.test/b", $"GET //other.test/b HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { ":method=GET|:scheme=http|:authority=orders.test|:path=/a%0d%0ab/../c", $"GET /a%0d%0ab/../c HTTP/1.1\r\nHost: orders.test\r\n{Trail}\r\n" },
        { Post, $"POST / HTTP/1.1\r\nHost: orders.test\r\n{Trail}Content-Length: 0\r\n\r\n" },
        { $"{Post}|content-length=5|#hel#lo", $"POST / HTTP/1.1\r\nHost: orders.test\r\n{Trail}Content-Length: 5\r\n\r\nhello" },
        { $"{Post}|content-length=+5|#hello", $"POST / HTTP/1.1\r\nHost: orders.test\r\n{Trail}Content-Length: 5\r\n\r\nhello" },
        { $"{Post}|content-length=05|#hello", $"POST / HTTP/1.1\r\nHost: orders.test\r\n{Trail}Content-Length: 5\r\n\r\nhello" },
        { $"{Post}|expect=100-continue|#hello", $"POST / HTTP/1.1\r\nHost: orders.test\r\n{Trail}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" },
        {
            $"{Post}|x=1|#0\r\n\r\n{Smuggled}",
            $"POST / HTTP/1.1\r\nHost: orders.test\r\nx: 1\r\n{Trail}Transfer-Encoding: chunked\r\n\r\n32\r\n0\r\n\r\n{Smuggled}\r\n0\r\n\r\n"
        },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Request_ThatHttp11WouldReadOtherwise_ReachesNobody(string request)
    {
        var before = target.Streams;
        using var client = await Http2Client.ConnectAsync(target.Address);

        await SendAsync(client, request);

        Assert.NotEqual("200", await client.OutcomeAsync(1));
        await AssertOthersAreServedAsync();
        Assert.Equal([Good.First().Data.Item2], target.Seen(before));
    }

    [Theory]
    [MemberData(nameof(Good))]
    public async Task Request_ThatLeavesNoDoubt_ReachesTheServiceAsTheseBytes(string request, string expected)
    {
        var before = target.Streams;
        using var client = await Http2Client.ConnectAsync(target.Address);

        await SendAsync(client, request);

        Assert.Equal("200", await client.OutcomeAsync(1));
        Assert.Equal([expected], target.Seen(before));
    }

    [Theory]
    [InlineData("5", "hel", "", "hel")]
    [InlineData("5", "hel", "lo!", "hel")]
    [InlineData("5", "hel", Smuggled, "hel")]
    public async Task Body_OfAnotherLengthThanItsHeadSays_IsNeverCompletedNorFollowed(string length, string first, string second, string expected)
    {
        var before = target.Streams;
        var path = $"/{Guid.NewGuid():N}";
        using var client = await Http2Client.ConnectAsync(target.Address);
        await client.SendHeadAsync(1, Fields($":method=POST|:scheme=http|:authority=orders.test|:path={path}|content-length={length}"), endStream: false);
        await client.SendAsync(Http2Type.Data, 0, 1, System.Text.Encoding.Latin1.GetBytes(first));
        // The service has the first piece before the rest shows that it is wrong.
        while (!target.Seen(before).Any(s => s.EndsWith("\r\n\r\n" + first, StringComparison.Ordinal)))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);

        await client.SendAsync(Http2Type.Data, Http2Frames.EndStream, 1, System.Text.Encoding.Latin1.GetBytes(second));

        Assert.StartsWith("reset ", await client.OutcomeAsync(1), StringComparison.Ordinal);
        await AssertOthersAreServedAsync();
        Assert.Equal(
            [$"POST {path} HTTP/1.1\r\nHost: orders.test\r\n{Trail}Content-Length: {length}\r\n\r\n{expected}", Good.First().Data.Item2], target.Seen(before));
    }

    [Theory]
    [InlineData("x-sum=1", "x-sum: 1\r\n")]
    [InlineData("x-sum=1|content-length=9|host=other.test|x-pico-endpoint=slow", "x-sum: 1\r\n")]
    [InlineData("x-sum=1|content_length=9|x-forwarded-for=6.6.6.6", "x-sum: 1\r\n")]
    [InlineData(":path=/again", null)]
    [InlineData("x=a\r\nb: c", "")]
    [InlineData("X-Upper=1", null)]
    public async Task Trailers_ThatCouldPassForMore_AreLeftOutOrRefused(string trailers, string? expected)
    {
        var before = target.Streams;
        using var client = await Http2Client.ConnectAsync(target.Address);
        await client.SendHeadAsync(1, Fields(Post), endStream: false);
        await client.SendAsync(Http2Type.Data, 0, 1, "hello"u8);

        await client.SendHeadAsync(1, Fields(trailers), endStream: true);
        var outcome = await client.OutcomeAsync(1);

        Assert.Equal(expected is not null, outcome == "200");
        var seen = target.Seen(before);
        if (expected is not null)
            Assert.EndsWith($"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n{expected}\r\n", Assert.Single(seen), StringComparison.Ordinal);
        else
            Assert.All(seen, s => Assert.DoesNotContain("\r\n0\r\n", s, StringComparison.Ordinal));
        await AssertOthersAreServedAsync();
    }

    private async Task AssertOthersAreServedAsync()
    {
        using var other = await Http2Client.ConnectAsync(target.Address);
        await SendAsync(other, Get);
        Assert.Equal("200", await other.OutcomeAsync(1));
    }

    private static async Task SendAsync(Http2Client client, string request)
    {
        var parts = request.Split("|#");
        var body = parts.Length > 1 ? parts[1].Split('#') : [];
        try
        {
            await client.SendHeadAsync(1, Fields(parts[0]), endStream: body.Length == 0);
            for (var i = 0; i < body.Length; i++)
                await client.SendAsync(Http2Type.Data, i == body.Length - 1 ? Http2Frames.EndStream : (byte)0, 1, System.Text.Encoding.Latin1.GetBytes(body[i]));
        }
        catch (IOException)
        {
            // The server closed as soon as it had seen enough.
        }
    }

    private static IEnumerable<(string, string)> Fields(string fields) =>
        fields.Split('|').Select(f => (f[..f.IndexOf('=', StringComparison.Ordinal)], f[(f.IndexOf('=', StringComparison.Ordinal) + 1)..]));
}
