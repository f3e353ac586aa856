using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Operation;

/// <summary>The access log of a server, switched on while it runs.</summary>
public sealed class AccessLogTests
{
    [Fact(Timeout = 120_000)]
    public async Task Log_SwitchedOn_HasAnEntryForEachKindOfTraffic()
    {
        using var folder = new TempFolder();
        var path = folder.File("access.log");
        await using var web = await WebService.StartAsync(Map);
        await using var rpc = await WebService.StartAsync(Map, HttpProtocols.Http2);
        await using var raw = RawService.Start(async connection => await connection.SendAsync($"got {await connection.ReadTextAsync(5)}"));
        await using var pico = await Deployment.StartAsync(
            $"web/http://127.0.0.1:{web.Port},rpc/h2c://127.0.0.1:{rpc.Port},db/tcp://127.0.0.1:{raw.Port},up/http://127.0.0.1:{raw.Port}", ["--proxy.access-log.output", path], ["--name", "edge"]);
        await CurlAsync("web", "/before");
        Assert.StartsWith("off;", (await PicoProgram.RunAsync("access-log", "--server", $"{pico.Server.Admin}")).Succeeded().Text, StringComparison.Ordinal);
        Assert.StartsWith("on, 100 % of requests until ", (await PicoProgram.RunAsync("access-log", "on", "--for", "10m", "--server", $"{pico.Server.Admin}")).Succeeded().Text, StringComparison.Ordinal);

        await CurlAsync("web", "/h1?a=1", "-d", "12345");
        await CurlAsync("web", "/h2?a=1", "-d", "12345", "--http2-prior-knowledge");
        await CurlAsync("rpc", "/rpc?a=1", "-d", "12345", "--http2-prior-knowledge");
        await CurlAsync("nobody", "/none");
        await using (var client = await RawConnection.ConnectAsync(pico.Proxy))
        {
            await client.SendAsync("GET /slow HTTP/1.1\r\nHost: x\r\nx-pico-endpoint: web\r\n\r\n");
            await client.ReadHeadAsync();
            client.Reset();
        }

        await using (var forward = await ForwardProcess.StartAsync(pico.Proxy, "db"))
        await using (var client = await RawConnection.ConnectAsync(new($"http://127.0.0.1:{forward.Port}")))
        {
            await client.SendAsync("hello");
            Assert.Equal("got hello", await client.ReadToEndAsync());
        }

        JsonElement[] entries = [];
        await Deadline.UntilAsync("six entries", TimeSpan.FromSeconds(20), () =>
            (entries = File.Exists(path) ? [.. File.ReadAllLines(path).Select(l => JsonDocument.Parse(l).RootElement)] : []).Length >= 6);
        Assert.Equal(
            [
                "web POST /h1 a=*** HTTP/1.1 200 - 5 3 edge",
                "web POST /h2 a=*** HTTP/2 200 - 5 3 edge",
                "rpc POST /rpc a=*** HTTP/2 200 - 5 3 edge",
                "- GET /none - HTTP/1.1 502 no_available_upstreams 0 0 -",
                "web GET /slow - HTTP/1.1 200 client_gone 0 1 edge",
                "db - - - TCP - - 5 9 edge",
            ],
            entries.Select(e => string.Join(' ', ((string[])["endpoint", "method", "path", "query", "protocol", "status", "error", "bytesIn", "bytesOut", "upstream"])
                .Select(n => e.TryGetProperty(n, out var value) ? value.ToString() : "-"))));
        Assert.All(entries, e => Assert.Equal("127.0.0.1", e.GetProperty("client").GetString()));

        async Task<CurlResponse> CurlAsync(string endpoint, string target, params string[] options) =>
            await Curl.RunAsync([.. options, "-H", $"x-pico-endpoint: {endpoint}", pico.Proxy.GetLeftPart(UriPartial.Authority) + target]);
    }

    [Fact(Timeout = 60_000)]
    public async Task LogLevel_ChangedAtRunTime_IsFollowed()
    {
        await using var server = await ServerProcess.StartAsync();
        await Curl.RunAsync(["-H", "x-pico-endpoint: nobody", $"{server.Proxy}"]);
        Assert.DoesNotContain("a request was answered with", server.Process.Log, StringComparison.Ordinal);

        var changed = (await PicoProgram.RunAsync("log-level", "debug", "Pico.Server.Proxy", "--for", "10m", "--server", $"{server.Admin}")).Succeeded().Text;
        Assert.Matches("(?s)^info +all\n+debug +Pico.Server.Proxy +until .*Z\n$", changed);
        await Curl.RunAsync(["-H", "x-pico-endpoint: nobody", $"{server.Proxy}"]);
        await server.Process.WaitUntilAsync("it is logged", () => server.Process.Log.Contains("a request was answered with NoAvailableUpstreams", StringComparison.Ordinal));
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/slow", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("a", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        app.Map("{**path}", async (HttpContext context) =>
        {
            await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
            await context.Response.WriteAsync("abc");
        });
    }
}
