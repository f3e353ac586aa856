using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>HTTP/1.1 from curl and raw sockets to nginx, Kestrel and raw sockets.</summary>
public sealed class Http1Tests(SharedServer shared)
{
    private const int PageLength = 20_000;

    [Fact(Timeout = 60_000)]
    public async Task Requests_OnOneConnection_ReachTheServiceOnOneConnectionForEachTunnel()
    {
        await using var service = RawService.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var web = await shared.ExposeAsync(service.Port);
        var url = web.Url("/page");

        var reply = await web.CurlAsync("/page", [.. Enumerable.Repeat(url, 9), "--write-out", "[%{num_connects}]"]);

        Assert.Equal("ok[1]" + string.Concat(Enumerable.Repeat("ok[0]", 9)), reply.Succeeded().Text);
        Assert.InRange(service.Connections, 1, 2);
    }

    [Fact(Timeout = 60_000)]
    public async Task Requests_Pipelined_AreAnsweredInOrder()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 $request_uri; }");
        await using var web = await shared.ExposeAsync(nginx.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(string.Concat(Enumerable.Range(10, 50).Select(i => web.Request("GET", $"/{i}"))));

        for (var i = 10; i < 60; i++)
        {
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
            Assert.Equal($"/{i}", await client.ReadTextAsync(3));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Requests_PipelinedWithBodies_AreAnsweredInOrder()
    {
        await using var service = await WebService.StartAsync(app => app.MapPost("/", EchoAsync));
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(
            web.Request("POST", "/", "Content-Length: 5\r\n") + "first" +
            web.Request("POST", "/", "Transfer-Encoding: chunked\r\n") + "6\r\nsecond\r\n0\r\n\r\n" +
            web.Request("POST", "/", "Content-Length: 5\r\n") + "third");

        foreach (var expected in new[] { "first", "second", "third" })
        {
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
            Assert.Equal(expected, (await client.ReadChunkedAsync()).Body);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_HasTheLengthAndNoBody_AndTheConnectionGoesOn()
    {
        await using var nginx = await StartPagesAsync();
        await using var web = await shared.ExposeAsync(nginx.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("HEAD", "/page") + web.Request("GET", "/page"));

        Assert.Contains($"\r\nContent-Length: {PageLength}\r\n", await client.ReadHeadAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(new string('x', PageLength), await client.ReadTextAsync(PageLength));
    }

    [Fact(Timeout = 60_000)]
    public async Task NoContentAndNotModified_HaveNoBody_AndTheConnectionGoesOn()
    {
        await using var nginx = await StartPagesAsync();
        await using var web = await shared.ExposeAsync(nginx.Port);
        var page = await web.CurlAsync("/page");
        await using var client = await web.ConnectAsync();

        await client.SendAsync(
            web.Request("GET", "/none") +
            web.Request("GET", "/page", $"If-None-Match: {page.Succeeded().Header("etag").Single()}\r\n") +
            web.Request("GET", "/page"));

        Assert.StartsWith("HTTP/1.1 204 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 304 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(new string('x', PageLength), await client.ReadTextAsync(PageLength));
    }

    [Fact(Timeout = 60_000)]
    public async Task ExpectContinue_ServiceContinues_BodyIsSentThen()
    {
        await using var service = await WebService.StartAsync(app => app.MapPut("/", EchoAsync));
        await using var web = await shared.ExposeAsync(service.Port);

        var reply = await Curl.RunAsync(
            ["-H", web.Header, "-H", "Expect: 100-continue", "--expect100-timeout", "60", "-T", "-", web.Url("/")],
            input: stream => stream.WriteAsync(Encoding.UTF8.GetBytes("hello")).AsTask());

        Assert.Equal("hello", reply.Succeeded().Text);
        Assert.StartsWith("HTTP/1.1 100 ", reply.Heads, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task ExpectContinue_ServiceRefuses_BodyIsNotSent()
    {
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            Assert.Empty(await connection.ReadToEndAsync());
        });
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("PUT", "/", "Expect: 100-continue\r\nContent-Length: 10\r\n"));

        Assert.StartsWith("HTTP/1.1 417 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("no", await client.ReadTextAsync(2));
    }

    [Fact(Timeout = 60_000)]
    public async Task Bodies_ChunkedBothWays_ArriveWhole()
    {
        const long Length = 5_000_000;
        await using var service = await WebService.StartAsync(app => app.MapPut("/", EchoAsync));
        await using var web = await shared.ExposeAsync(service.Port);
        long received = 0;

        var reply = await Curl.RunAsync(
            ["-H", web.Header, "-H", "Expect:", "-T", "-", web.Url("/")],
            input: stream => Pattern.WriteAsync(stream, Length),
            output: async stream => received = await Pattern.ReadAsync(stream));

        Assert.Equal(["chunked"], reply.Succeeded().Header("transfer-encoding"));
        Assert.Equal(Length, received);
    }

    [Fact(Timeout = 60_000)]
    public async Task Headers_Many_ArriveBothWays()
    {
        var lines = string.Concat(Enumerable.Range(0, 100).Select(i => $"x-number-{i}: {new string('v', 120)}{i}\r\n"));
        var seen = new TaskCompletionSource<string>();
        await using var service = RawService.Start(async connection =>
        {
            seen.TrySetResult(await connection.ReadHeadAsync());
            await connection.SendAsync($"HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok");
        });
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("GET", "/", lines));

        Assert.Contains(lines, await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Contains(lines, await seen.Task, StringComparison.Ordinal);
    }

    private static Task<NginxService> StartPagesAsync() => NginxService.StartAsync(
        "location = /none { return 204; }",
        folder => folder.Write("page", new('x', PageLength)));

    private static Task EchoAsync(HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
}
