using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>HTTP/2 by prior knowledge, from curl and h2load, on the port that speaks HTTP/1.1 too.</summary>
public sealed partial class Http2Tests(SharedServer shared)
{
    [Fact(Timeout = 60_000)]
    public async Task ProxyPort_BothVersions_AnswersEachInItsOwn()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 $server_protocol; }");
        await using var web = await shared.ExposeAsync(nginx.Port);

        var one = await web.CurlAsync("/", "--http1.1");
        var two = await web.CurlAsync("/", "--http2-prior-knowledge");

        Assert.StartsWith("HTTP/1.1 200", one.Succeeded().Heads, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/2 200", two.Succeeded().Heads, StringComparison.Ordinal);
        Assert.Equal("HTTP/1.1", two.Text);
    }

    [Fact(Timeout = 60_000)]
    public async Task Streams_HundredAtOnce_AreServedAtOnce()
    {
        const int Parallel = 100;
        var arrived = 0;
        var all = new TaskCompletionSource();
        await using var service = await WebService.StartAsync(app => app.MapGet("/", async (HttpContext context) =>
        {
            // Nobody is answered before all have come: with fewer at a time this would end only by the test's time-out.
            if (Interlocked.Increment(ref arrived) == Parallel)
                all.SetResult();
            await all.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, context.RequestAborted);
            await context.Response.WriteAsync("ok", context.RequestAborted);
        }));
        await using var web = await shared.ExposeAsync(service.Port);

        var load = await Command.RunAsync(Tool.H2Load, "-n", $"{Parallel}", "-c", "1", "-m", $"{Parallel}", "-H", web.Header, web.Url("/"));

        Assert.Contains($"{Parallel} succeeded, 0 failed", load.Succeeded().Text, StringComparison.Ordinal);
        Assert.Contains($"{Parallel} 2xx", load.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Load_OfManyStreamsOnManyConnections_HasNoFailure()
    {
        await using var nginx = await NginxService.StartAsync("", folder => folder.Write("page", new('x', 10_000)));
        await using var web = await shared.ExposeAsync(nginx.Port);

        var load = await Command.RunAsync(Tool.H2Load, "-n", "5000", "-c", "4", "-m", "100", "-H", web.Header, web.Url("/page"));

        Assert.Contains("5000 succeeded, 0 failed", load.Succeeded().Text, StringComparison.Ordinal);
        Assert.Equal(50_000_000, long.Parse(DataBytes().Match(load.Text).Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [Fact(Timeout = 60_000)]
    public async Task Bodies_BothWays_ArriveWhole()
    {
        const long Length = 30_000_000;
        long received = 0;
        await using var service = await WebService.StartAsync(app =>
        {
            app.MapPut("/", async (HttpContext context) => await context.Response.WriteAsync($"{await Pattern.ReadAsync(context.Request.Body)}", context.RequestAborted));
            app.MapGet("/", context => Pattern.WriteAsync(context.Response.Body, Length));
        });
        await using var web = await shared.ExposeAsync(service.Port);

        var up = await Curl.RunAsync(
            ["--http2-prior-knowledge", "-H", web.Header, "-T", "-", web.Url("/")], input: stream => Pattern.WriteAsync(stream, Length));
        var down = await Curl.RunAsync(
            ["--http2-prior-knowledge", "-H", web.Header, web.Url("/")], output: async stream => received = await Pattern.ReadAsync(stream));

        Assert.Equal($"{Length}", up.Succeeded().Text);
        down.Succeeded();
        Assert.Equal(Length, received);
    }

    [Fact(Timeout = 60_000)]
    public async Task Head_NoContentAndNotModified_HaveNoBody()
    {
        await using var nginx = await NginxService.StartAsync("location = /none { return 204; }", folder => folder.Write("page", "text"));
        await using var web = await shared.ExposeAsync(nginx.Port);

        var head = await web.CurlAsync("/page", "--http2-prior-knowledge", "--head");
        var none = await web.CurlAsync("/none", "--http2-prior-knowledge");
        var unchanged = await web.CurlAsync("/page", "--http2-prior-knowledge", "-H", $"If-None-Match: {head.Header("etag").Single()}");

        Assert.Equal(["4"], head.Succeeded().Header("content-length"));
        Assert.Empty(none.Succeeded(204).Body);
        Assert.Empty(unchanged.Succeeded(304).Body);
    }

    [GeneratedRegex(@"\((\d+)\) data")]
    private static partial Regex DataBytes();
}
