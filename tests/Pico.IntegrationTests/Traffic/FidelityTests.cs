using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>What passes through is what was sent: targets, headers and trailers byte for byte, answers at the time they were given.</summary>
public sealed class FidelityTests(SharedServer shared)
{
    private const string Target = "/a%2Fb/../c/%7Ex?q=%41";

    [Theory(Timeout = 60_000)]
    [InlineData(Target)]
    [InlineData("/")]
    [InlineData("//double//slashes/./..")]
    [InlineData("/%00%zz?a=b?c=d&&e")]
    [InlineData("/[brackets]|pipe\"quote'^`{}")]
    public async Task Target_Odd_ReachesTheServiceAsItWasSent(string target)
    {
        await using var service = RawService.Start(AnswerWithRequestLineAsync);
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("GET", target));

        await client.ReadHeadAsync();
        var expected = $"GET {target} HTTP/1.1";
        Assert.Equal(expected, await client.ReadTextAsync(expected.Length));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Target_FromCurl_ReachesNginxAsItWasSent(string version)
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 $request_uri; }");
        await using var web = await shared.ExposeAsync(nginx.Port);

        var reply = await web.CurlAsync(Target, version);

        Assert.Equal(Target, reply.Succeeded().Text);
    }

    [Fact(Timeout = 60_000)]
    public async Task Headers_OfTheRequest_KeepOrderCaseAndRepetition()
    {
        const string Lines = "X-B: 1\r\nx-a:  spaced out\t\r\nX-B: 2\r\nCookie: a=b\r\nCookie: c=d\r\nX-Empty:\r\nACCEPT: */*, text/html;q=0.1\r\nX-b: 3\r\nx-latin: \u00e9\r\n";
        var seen = new TaskCompletionSource<string>();
        await using var service = RawService.Start(async connection =>
        {
            seen.TrySetResult(await connection.ReadHeadAsync());
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("GET", "/", Lines));
        await client.ReadHeadAsync();

        var head = await seen.Task;
        Assert.StartsWith("GET / HTTP/1.1\r\nHost: service.example\r\n", head, StringComparison.Ordinal);
        Assert.Equal(Values(Lines), Values(head, except: ["host", "x-pico-endpoint", "x-forwarded-", "forwarded", "via"]));
    }

    [Fact(Timeout = 60_000)]
    public async Task Headers_OfTheResponse_KeepOrderCaseAndRepetition()
    {
        const string Lines = "X-B: 1\r\nSet-Cookie: a=b; Path=/\r\nx-a: v\r\nSet-Cookie: c=d\r\nX-B: 2\r\nServer: raw/1\r\nDATE: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 0\r\n";
        await using var service = RawService.Answering($"HTTP/1.1 299 Own Words\r\n{Lines}\r\n");
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("GET", "/"));

        Assert.Equal($"HTTP/1.1 299 Own Words\r\n{Lines}\r\n", await client.ReadHeadAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task Headers_HopByHop_EndAtTheHop()
    {
        var seen = new TaskCompletionSource<string>();
        await using var service = RawService.Start(async connection =>
        {
            seen.TrySetResult(await connection.ReadHeadAsync());
            await connection.SendAsync("HTTP/1.1 200 OK\r\nConnection: x-own\r\nx-own: 1\r\nKeep-Alive: timeout=5\r\nx-pico-error: forged\r\nx-stays: 1\r\nContent-Length: 0\r\n\r\n");
        });
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("GET", "/", "Connection: x-mine\r\nx-mine: 1\r\nTE: gzip\r\nKeep-Alive: 3\r\nx-stays: 1\r\n"));

        var response = await client.ReadHeadAsync();
        Assert.Contains("\r\nx-stays: 1\r\n", response, StringComparison.Ordinal);
        Assert.DoesNotContain(Names(response), n => n is "x-own" or "keep-alive" or "x-pico-error");
        var request = await seen.Task;
        Assert.Contains("\r\nx-stays: 1\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain(Names(request), n => n is "x-mine" or "te" or "keep-alive");
    }

    [Fact(Timeout = 60_000)]
    public async Task Response_413BeforeTheBody_ReachesTheClientAtOnce()
    {
        await using var nginx = await NginxService.StartAsync("client_max_body_size 1k; location / { return 200 ok; }");
        await using var web = await shared.ExposeAsync(nginx.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("POST", "/", "Content-Length: 1000000000\r\n") + "only the beginning");

        var head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 413 ", head, StringComparison.Ordinal);
        Assert.DoesNotContain("x-pico-error", head, StringComparison.OrdinalIgnoreCase);
    }

    [Fact(Timeout = 60_000)]
    public async Task Response_413BeforeTheBodyOverHttp2_IsTheAnswer()
    {
        await using var nginx = await NginxService.StartAsync("client_max_body_size 1k; location / { return 200 ok; }");
        await using var web = await shared.ExposeAsync(nginx.Port);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, web.Url("/"))
        {
            Version = new(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StalledContent(),
        };
        request.Headers.Add("x-pico-endpoint", web.EndpointId);

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.False(response.Headers.Contains("x-pico-error"));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Response_WhileTheRequestIsStillSent_FlowsAtTheSameTime(string version)
    {
        const long Length = 20 << 20;
        await using var service = await WebService.StartAsync(app => app.MapPut("/", context => context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted)));
        await using var web = await shared.ExposeAsync(service.Port);
        long received = 0;

        var reply = await Curl.RunAsync(
            [version, "-H", web.Header, "-H", "Expect:", "-T", "-", "--no-buffer", web.Url("/")],
            input: stream => Pattern.WriteAsync(stream, Length),
            output: async stream => received = await Pattern.ReadAsync(stream));

        reply.Succeeded();
        Assert.Equal(Length, received);
    }

    [Fact(Timeout = 60_000)]
    public async Task Trailers_OfTheRequest_ReachTheService()
    {
        var seen = new TaskCompletionSource<(string Body, string Trailers)>();
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            seen.TrySetResult(await connection.ReadChunkedAsync());
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("POST", "/", "Transfer-Encoding: chunked\r\nTrailer: x-sum\r\n") + "4;ext=1\r\nbody\r\n0\r\nx-sum: 42\r\nX-Sum: 43\r\n\r\n");
        await client.ReadHeadAsync();

        Assert.Equal(("body", "x-sum: 42\r\nX-Sum: 43\r\n\r\n"), await seen.Task);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Trailers_OfTheResponse_ReachTheClient(string version)
    {
        await using var service = RawService.Answering(
            "HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n");
        await using var web = await shared.ExposeAsync(service.Port);

        var reply = await web.CurlAsync("/", version, "-H", "TE: trailers");

        Assert.Equal("body", reply.Succeeded().Text);
        Assert.Equal(["42"], reply.Header("x-sum"));
    }

    /// <summary>A body that begins and never ends.</summary>
    private sealed class StalledContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(new byte[100_000], cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 1_000_000_000;
            return true;
        }
    }

    private static async Task AnswerWithRequestLineAsync(RawConnection connection)
    {
        var line = (await connection.ReadHeadAsync()).Split("\r\n")[0];
        await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.Latin1.GetByteCount(line)}\r\n\r\n{line}");
    }

    // The space around a value is not part of it (RFC 9110, 5.5).
    private static string[] Values(string lines, params string[] except) => [.. lines.Split("\r\n")
        .Where(l => l.Contains(':', StringComparison.Ordinal) && !except.Any(e => l.StartsWith(e, StringComparison.OrdinalIgnoreCase)))
        .Select(l => l[..l.IndexOf(':', StringComparison.Ordinal)] + ": " + l[(l.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(' ', '\t'))];

    private static string[] Names(string head) => [.. head.Split("\r\n").Skip(1).Select(l => l.Split(':')[0].ToLowerInvariant())];
}
