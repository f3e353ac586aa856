using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Failures;

/// <summary>Clients that leave or dawdle: the service is told, and nothing is kept.</summary>
public sealed class ClientGoneTests(SharedServer shared)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Client_LeavesDuringTheResponse_TheServiceIsToldSoon(string version)
    {
        var begun = new TaskCompletionSource();
        var told = new TaskCompletionSource();
        await using var service = await WebService.StartAsync(app => app.MapGet("/", async (HttpContext context) =>
        {
            context.RequestAborted.Register(() => told.TrySetResult());
            await context.Response.WriteAsync("the beginning", context.RequestAborted);
            begun.TrySetResult();
            await told.Task;
        }));
        await using var web = await shared.ExposeAsync(service.Port);

        var curl = BackgroundProcess.Start(Tool.Curl.Require(), ["-sS", version, "-H", web.Header, web.Url("/")]);
        await begun.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        await curl.DisposeAsync();

        await told.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Client_LeavesDuringTheRequest_TheServiceNeverTakesItForComplete(string version)
    {
        var begun = new TaskCompletionSource();
        var ended = new TaskCompletionSource<Exception?>();
        await using var service = await WebService.StartAsync(app => app.MapPut("/", async (HttpContext context) =>
        {
            try
            {
                begun.TrySetResult();
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
                ended.TrySetResult(null);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                ended.TrySetResult(e);
            }
        }));
        await using var web = await shared.ExposeAsync(service.Port);

        // Curl is ended while its input, and so the request's body, goes on.
        var program = BackgroundProcess.Start("/bin/sh", ["-c", $"cat /dev/zero | curl -sS {version} -H '{web.Header}' -T - --limit-rate 100k {web.Url("/")}"]);
        await begun.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        await program.DisposeAsync();

        Assert.NotNull(await ended.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task Client_SendsItsHeadTooSlowly_IsSentAway()
    {
        await using var service = RawService.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{service.Port}", server: ["--proxy.request-head-timeout", "1s"]);
        await using var client = await RawConnection.ConnectAsync(pico.Proxy);

        await client.SendAsync("GET / HTTP/1.1\r\nHost: web.pico.example\r\nx-slow: ");

        var answer = await client.ReadToEndAsync();
        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), answer);
        Assert.Equal(0, service.Connections);
    }
}
