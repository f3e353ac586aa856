using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.Server.Hosting;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.General;

/// <summary>Clients of both versions → HTTP/1.1 services that answer word for word what the test says.</summary>
public sealed class Http1ForwarderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Versions => ["1.1", "2.0"];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Get_HeadIsFaithfulAndTheTrailIsAdded(string version)
    {
        await using var server = await ProxyTestServer.StartAsync();
        var seen = "";
        await server.AddAsync("a", EndpointProtocol.Http, ProxyTestServer.Script(
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 207 Fine\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nX-A: 1\r\nX-A: \u00e4\r\nConnection: x-hop\r\n"
            + "X-Hop: 1\r\nx-pico-error: forged\r\nContent-Length: 2\r\n\r\nok", head => seen = head));
        using var client = server.CreateClient("a", new Version(version));
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "6.6.6.6");
        client.DefaultRequestHeaders.Add("Cookie", ["a=1", "b=2"]);
        client.DefaultRequestHeaders.Add("X-Twice", "1");
        client.DefaultRequestHeaders.Add("Expect", "100-continue");
        var target = new Uri(server.Url + "a%2Fb/../c/%7Ex?q=%41", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

        using var response = await client.GetAsync(target, Cancel);

        Assert.Equal(HttpStatusCode.MultiStatus, response.StatusCode);
        Assert.Equal("ok", await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("Thu, 01 Jan 2026 00:00:00 GMT", Assert.Single(response.Headers.NonValidated["Date"]));
        Assert.Equal(2, response.Headers.NonValidated["X-A"].Count);
        Assert.False(response.Headers.Contains("X-Hop"));
        Assert.False(response.Headers.Contains("x-pico-error"));
        Assert.StartsWith("GET /a%2Fb/../c/%7Ex?q=%41 HTTP/1.1\r\nHost: a.example.com\r\n", seen, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Forwarded-For: 127.0.0.1\r\n", seen, StringComparison.Ordinal);
        Assert.Contains("\r\nForwarded: for=127.0.0.1;host=a.example.com;proto=http\r\n", seen, StringComparison.Ordinal);
        Assert.Contains("a=1; b=2\r\n", seen, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Twice: 1\r\n", seen, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("6.6.6.6", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("Content-Length", seen, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\n:", seen, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Post_Echo20MiBWhileStillReceiving(string version)
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("echo", EndpointProtocol.Http, EchoAsync);
        using var client = server.CreateClient("echo", new Version(version));
        var body = new byte[20 * 1024 * 1024];
        new Random(1).NextBytes(body);

        using var request = new HttpRequestMessage(HttpMethod.Post, server.Url) { Version = new Version(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new StreamedContent(content => content.WriteAsync(body).AsTask()) };
        request.Content.Headers.ContentLength = body.Length;
        // HttpClient on HTTP/1.1 reads nothing before it has sent everything; a raw client does (see below).
        using var response = version == "2.0" ? await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel) : null;
        var echoed = response is null ? await EchoRawAsync(server, body) : await response.Content.ReadAsByteArrayAsync(Cancel);

        Assert.True(body.AsSpan().SequenceEqual(echoed));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Post_RefusedBeforeItsBodyWasRead_ClientGetsTheRefusal(string version)
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("a", EndpointProtocol.Http, async stream =>
        {
            await ProxyTestServer.ReadHeadAsync(stream);
            await stream.WriteAsync("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge"u8.ToArray());
        });
        using var client = server.CreateClient("a", new Version(version));
        var forever = new TaskCompletionSource();
        using var content = new StreamedContent(async body =>
        {
            await body.WriteAsync(new byte[64 * 1024]);
            await body.FlushAsync();
            await forever.Task;
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Url) { Version = new Version(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        // HttpClient waits for its own content on HTTP/1.1 unless it was told to expect a final answer first.
        request.Headers.ExpectContinue = version == "1.1" ? true : null;
        if (version == "1.1")
            forever.SetResult();

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("large", await response.Content.ReadAsStringAsync(Cancel));
        forever.TrySetResult();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Trailers_PassBothWays(string version)
    {
        await using var server = await ProxyTestServer.StartAsync();
        var seen = new TaskCompletionSource<string>();
        await server.AddAsync("a", EndpointProtocol.Http, async stream =>
        {
            var text = await ProxyTestServer.ReadHeadAsync(stream);
            while (!text.EndsWith("\r\n\r\n", StringComparison.Ordinal) || !text.Contains("\r\n0\r\n", StringComparison.Ordinal))
            {
                var result = await stream.Input.ReadAsync();
                text += Encoding.Latin1.GetString(result.Buffer);
                stream.Input.AdvanceTo(result.Buffer.End);
            }

            seen.SetResult(text);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nx-sum: 42\r\n\r\n"u8.ToArray());
        });
        using var client = server.CreateClient("a", new Version(version));
        using var content = new StreamedContent(body => body.WriteAsync("hello"u8.ToArray()).AsTask());
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Url) { Version = new Version(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        request.Headers.TransferEncodingChunked = version == "1.1" ? true : null;

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal("ok", await response.Content.ReadAsStringAsync(Cancel));
        // Kestrel's HTTP/1.1 has no place for them.
        Assert.Equal(version == "2.0" ? ["42"] : [], response.TrailingHeaders.NonValidated.SelectMany(t => t.Value));
        var sent = await seen.Task.WaitAsync(Patience, Cancel);
        Assert.Contains("Transfer-Encoding: chunked\r\n", sent, StringComparison.Ordinal);
        Assert.Contains("5\r\nhello\r\n0\r\n", sent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")]
    [InlineData("2.0", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")]
    [InlineData("1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("2.0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("2.0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nrubbish")]
    public async Task Response_CutInTheMiddle_IsNeverEndedAsIfComplete(string version, string response)
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("a", EndpointProtocol.Http, ProxyTestServer.Script(response, _ => { }, close: true));
        using var client = server.CreateClient("a", new Version(version));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetStringAsync("/", Cancel));
    }

    [Theory]
    [InlineData("garbage\r\n\r\n", 502, "upstream_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok", 502, "upstream_protocol_error")]
    [InlineData("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 502, "upstream_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", 502, "upstream_unreachable")]
    [InlineData("", 502, "upstream_unreachable")]
    public async Task Response_NotOne_IsAnsweredWithTheError(string response, int status, string code)
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("a", EndpointProtocol.Http, ProxyTestServer.Script(response, _ => { }, close: true));
        using var client = server.CreateClient("a", HttpVersion.Version20);

        using var answer = await client.GetAsync("/", Cancel);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(code, Assert.Single(answer.Headers.GetValues("x-pico-error")));
    }

    [Fact]
    public async Task Response_EndlessHead_IsRefused()
    {
        await using var server = await ProxyTestServer.StartAsync(new ProxyOptions { MaxResponseHeadSize = 4096 });
        await server.AddAsync("a", EndpointProtocol.Http, ProxyTestServer.Script("HTTP/1.1 200 OK\r\nX: " + new string('x', 5000), _ => { }));
        using var client = server.CreateClient("a", HttpVersion.Version20);

        using var answer = await client.GetAsync("/", Cancel);

        Assert.Equal("upstream_protocol_error", Assert.Single(answer.Headers.GetValues("x-pico-error")));
    }

    [Fact]
    public async Task Response_NotInTime_IsTimeout()
    {
        await using var server = await ProxyTestServer.StartAsync(new ProxyOptions { ResponseHeadTimeout = TimeSpan.FromMilliseconds(200) });
        await server.AddAsync("a", EndpointProtocol.Http, _ => Task.CompletedTask);
        using var client = server.CreateClient("a", HttpVersion.Version20);

        using var answer = await client.GetAsync("/", Cancel);

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Equal("upstream_timeout", Assert.Single(answer.Headers.GetValues("x-pico-error")));
    }

    [Theory]
    [InlineData("nobody", 502, "no_available_upstreams")]
    [InlineData("db", 421, "protocol_mismatch")]
    [InlineData("_", 400, "invalid_endpoint")]
    public async Task Request_WithoutFittingUpstream_IsAnsweredWithTheError(string endpoint, int status, string code)
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("db", EndpointProtocol.Tcp, _ => Task.CompletedTask);
        using var client = server.CreateClient(endpoint, HttpVersion.Version20);

        using var answer = await client.GetAsync("/", Cancel);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(code, Assert.Single(answer.Headers.GetValues("x-pico-error")));
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Stream_ServesRequestAfterRequest_AndAStaleOneCostsNothing()
    {
        await using var server = await ProxyTestServer.StartAsync();
        var streams = 0;
        await server.AddAsync("a", EndpointProtocol.Http, async stream =>
        {
            var number = Interlocked.Increment(ref streams);
            for (var i = 0; i < 2; i++)
            {
                await ProxyTestServer.ReadHeadAsync(stream);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"));
            }

            // The third request finds it kept alive, but it closes without an answer.
            await ProxyTestServer.ReadHeadAsync(stream);
            stream.CompleteOutput();
        });
        using var client = server.CreateClient("a", HttpVersion.Version20);

        Assert.Equal("1", await client.GetStringAsync("/", Cancel));
        Assert.Equal("1", await client.GetStringAsync("/", Cancel));
        Assert.Equal("2", await client.GetStringAsync("/", Cancel));
    }

    [Fact]
    public async Task Upstream_ThatRefuses_AnotherIsTried()
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("a", EndpointProtocol.Http, RefuseAsync, accept: false);
        await server.AddAsync("a", EndpointProtocol.Http, ProxyTestServer.Script("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", _ => { }));
        using var client = server.CreateClient("a", HttpVersion.Version20);

        Assert.Equal("ok", await client.GetStringAsync("/", Cancel));
    }

    [Fact]
    public async Task Client_ThatLeaves_ResetsTheStream()
    {
        await using var server = await ProxyTestServer.StartAsync();
        var reset = new TaskCompletionSource<StreamError>();
        var arrived = new TaskCompletionSource();
        await server.AddAsync("a", EndpointProtocol.Http, async stream =>
        {
            await ProxyTestServer.ReadHeadAsync(stream);
            arrived.SetResult();
            try
            {
                await stream.Input.ReadAsync();
            }
            catch (StreamException e)
            {
                reset.SetResult(e.Error);
            }
        });
        using var client = server.CreateClient("a", HttpVersion.Version20);
        using var leaving = new CancellationTokenSource();
        var request = client.GetAsync("/", leaving.Token);
        await arrived.Task.WaitAsync(Patience, Cancel);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Equal(StreamError.Cancelled, await reset.Task.WaitAsync(Patience, Cancel));
    }

    [Fact]
    public async Task Http2_100ParallelStreams_AllAreServed()
    {
        await using var server = await ProxyTestServer.StartAsync();
        var waiting = 0;
        var all = new TaskCompletionSource();
        await server.AddAsync("a", EndpointProtocol.Http, async stream =>
        {
            await ProxyTestServer.ReadHeadAsync(stream);
            if (Interlocked.Increment(ref waiting) == 100)
                all.SetResult();
            await all.Task;
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        });
        using var client = server.CreateClient("a", HttpVersion.Version20);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => client.GetStringAsync($"/{i}", Cancel)));

        Assert.All(answers, answer => Assert.Equal("ok", answer));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Events_HeadAndEachEventComeAtOnce(string version)
    {
        await using var server = await ProxyTestServer.StartAsync();
        var headSeen = new TaskCompletionSource();
        var eventSeen = new TaskCompletionSource();
        await server.AddAsync("sse", EndpointProtocol.Http, async stream =>
        {
            await ProxyTestServer.ReadHeadAsync(stream);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
            await headSeen.Task.WaitAsync(Patience);
            await stream.WriteAsync("9\r\ndata: 1\n\n\r\n"u8.ToArray());
            await eventSeen.Task.WaitAsync(Patience);
            await stream.WriteAsync("0\r\n\r\n"u8.ToArray());
        });
        using var client = server.CreateClient("sse", new Version(version));

        using var response = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, Cancel);
        headSeen.SetResult();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal("data: 1", await lines.ReadLineAsync(Cancel));
        eventSeen.SetResult();

        Assert.Equal("\n", await lines.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Head_And304_HaveLengthsWithoutBodies()
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("head", EndpointProtocol.Http, ProxyTestServer.Script("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", _ => { }));
        await server.AddAsync("not-modified", EndpointProtocol.Http, ProxyTestServer.Script("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nContent-Length: 12\r\n\r\n", _ => { }));
        using var head = server.CreateClient("head", HttpVersion.Version20);
        using var notModified = server.CreateClient("not-modified", HttpVersion.Version11);

        using var first = await head.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact }, Cancel);
        using var second = await notModified.GetAsync("/", Cancel);

        Assert.Equal(12, first.Content.Headers.ContentLength);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal("\"1\"", second.Headers.ETag!.Tag);
    }

    private static async Task EchoAsync(TunnelStream stream)
    {
        var head = await ProxyTestServer.ReadHeadAsync(stream);
        var length = long.Parse(head.Split("Content-Length: ")[1].Split("\r\n")[0]);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
        while (length > 0)
        {
            var result = await stream.Input.ReadAsync();
            await stream.WriteAsync(result.Buffer);
            length -= result.Buffer.Length;
            stream.Input.AdvanceTo(result.Buffer.End);
        }
    }

    private static async Task<byte[]> EchoRawAsync(ProxyTestServer server, byte[] body)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Url.Port, Cancel);
        var stream = socket.GetStream();
        var sending = Task.Run(
            async () =>
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: echo.example.com\r\nContent-Length: {body.Length}\r\n\r\n"), Cancel);
                await stream.WriteAsync(body, Cancel);
            },
            Cancel);
        var head = new List<byte>();
        while (head.Count < 4 || !head[^4..].SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            var one = new byte[1];
            await stream.ReadExactlyAsync(one, Cancel);
            head.Add(one[0]);
        }

        var echoed = new byte[body.Length];
        await stream.ReadExactlyAsync(echoed, Cancel);
        await sending;
        return echoed;
    }

    private static Task RefuseAsync(TunnelStream stream)
    {
        stream.Refuse(StreamError.ServiceUnreachable, "connection refused");
        return Task.CompletedTask;
    }
}
