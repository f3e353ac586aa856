using System.Net;
using System.Net.Sockets;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Failures;

/// <summary>Services that break, and what their clients see of it.</summary>
public sealed class BrokenServiceTests(SharedServer shared)
{
    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Service_RefusesConnections_502(string version)
    {
        await using var web = await shared.ExposeAsync(Ports.Free());

        (await web.CurlAsync("/", version)).IsPicoError(502, "upstream_unreachable");
    }

    [Fact(Timeout = 60_000)]
    public async Task Endpoint_NobodyListensOn_502()
    {
        await using var web = await shared.ExposeAsync(Ports.Free());

        var reply = await Curl.RunAsync(["-H", "x-pico-endpoint: nobody-has-this", web.Url("/")]);

        reply.IsPicoError(502, "no_available_upstreams");
    }

    [Fact(Timeout = 60_000)]
    public async Task Service_AcceptsAndNeverAnswers_504()
    {
        await using var service = RawService.Start(async connection => await connection.ReadToEndAsync());
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{service.Port}", server: ["--proxy.response-head-timeout", "1s"]);

        var reply = await Curl.RunAsync(["-H", "x-pico-endpoint: web", pico.Proxy.ToString()]);

        reply.IsPicoError(504, "upstream_timeout");
    }

    [Fact(Timeout = 60_000)]
    public async Task Service_WhoseHostDropsConnects_504WithinTheConnectTimeout()
    {
        // A listener whose queue is full and that never accepts: the kernel drops further connects, as a firewall would.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var target = (IPEndPoint)listener.LocalEndPoint!;
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(target, TestContext.Current.CancellationToken);
        await using var pico = await Deployment.StartAsync(
            $"web/http://127.0.0.1:{target.Port}", server: ["--proxy.connect-timeout", "2s"], agent: ["--service-connect-timeout", "1s"]);

        var reply = await Curl.RunAsync(["-H", "x-pico-endpoint: web", "--max-time", "20", pico.Proxy.ToString()]);

        reply.IsPicoError(504, "upstream_timeout");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("", "upstream_unreachable")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", "upstream_unreachable")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n", "upstream_protocol_error")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n", "upstream_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "upstream_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!", "upstream_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "upstream_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", "upstream_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "upstream_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\n folded: line\r\n\r\n", "upstream_protocol_error")]
    public async Task Service_AnswersBadHead_502(string answer, string code)
    {
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(answer);
        });
        await using var web = await shared.ExposeAsync(service.Port);

        (await web.CurlAsync("/", "--http1.1")).IsPicoError(502, code);
        (await web.CurlAsync("/", "--http2-prior-knowledge")).IsPicoError(502, code);
    }

    [Fact(Timeout = 60_000)]
    public async Task Service_SendsHeadersWithoutEnd_502WithinTheLimit()
    {
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n");
            for (var i = 0; ; i++)
                await connection.SendAsync($"x-{i}: {new string('v', 100)}\r\n");
        });
        await using var web = await shared.ExposeAsync(service.Port);

        (await web.CurlAsync("/")).IsPicoError(502, "upstream_protocol_error");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe beginning")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nthe beginning\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nthe beginning\r\nnonsense\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nthe beginning\r\n-1\r\n")]
    public async Task Service_EndsMidBody_IsAnErrorForTheClient(string answer)
    {
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(answer);
        });
        await using var web = await shared.ExposeAsync(service.Port);

        var one = await web.CurlAsync("/", "--http1.1");
        var two = await web.CurlAsync("/", "--http2-prior-knowledge");

        // The abort may overtake what was sent just before it, so the head need not have come.
        Assert.True(one.ExitCode is 18 or 56, $"curl took a cut response for complete or failed otherwise: {one.ExitCode} {one.Error}");
        Assert.True(two.ExitCode == 92, $"curl took a cut response for complete or failed otherwise: {two.ExitCode} {two.Error}");
        Assert.All([one, two], reply => Assert.True(reply.Status is 0 or 200, reply.Heads));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Service_ResetsABodyThatEndsWithTheConnection_IsAnErrorForTheClient(string version)
    {
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n\r\nthe beginning");
            connection.Reset();
        });
        await using var web = await shared.ExposeAsync(service.Port);

        var reply = await web.CurlAsync("/", version);

        Assert.True(reply.ExitCode != 0 || reply.Status == 502, $"curl took a cut response for complete: {reply.Heads}{reply.Text}");
    }

    [Fact(Timeout = 60_000)]
    public async Task Service_EndsABodyWithTheConnection_IsComplete()
    {
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
        });
        await using var web = await shared.ExposeAsync(service.Port);

        Assert.Equal("all of it", (await web.CurlAsync("/", "--http1.1")).Succeeded().Text);
        Assert.Equal("all of it", (await web.CurlAsync("/", "--http2-prior-knowledge")).Succeeded().Text);
    }

    [Fact(Timeout = 60_000)]
    public async Task Service_ClosesKeptConnections_NoSafeRequestIsLost()
    {
        // Answers one request for each connection and then closes it without having said so: every kept stream is stale.
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        for (var i = 0; i < 200; i++)
        {
            await client.SendAsync(web.Request("GET", "/"));
            Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
            Assert.Equal("ok", await client.ReadTextAsync(2));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Service_ClosesAKeptConnectionOnThePost_ThePostIsNotRepeated()
    {
        var posts = 0;
        await using var service = RawService.Start(async connection =>
        {
            while (true)
            {
                if ((await connection.ReadHeadAsync()).StartsWith("POST", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref posts);
                    return;
                }

                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using var web = await shared.ExposeAsync(service.Port);
        (await web.CurlAsync("/")).Succeeded();

        var reply = await web.CurlAsync("/", "-X", "POST");

        reply.IsPicoError(502, "upstream_unreachable");
        Assert.Equal(1, posts);
    }

    [Fact(Timeout = 60_000)]
    public async Task Service_SendsMoreThanItsResponse_TheNextClientGetsNothingOfIt()
    {
        await using var service = RawService.Answering(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
        await using var web = await shared.ExposeAsync(service.Port);

        for (var i = 0; i < 20; i++)
            Assert.Equal("ok", (await web.CurlAsync("/")).Succeeded().Text);
    }
}
