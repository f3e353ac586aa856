using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>No time-out limits how long an exchange lasts, only how long it stands still.</summary>
public sealed class EndlessResponseTests
{
    private static readonly string[] ShortTimeouts =
    [
        "--proxy.connect-timeout", "1s", "--proxy.response-head-timeout", "1s", "--proxy.request-head-timeout", "1s",
        "--proxy.keep-alive-timeout", "1s", "--proxy.idle-timeout", "2s",
    ];

    [Theory(Timeout = 90_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Events_OftenerThanTheIdleTimeout_GoOnPastEveryTimeout(string version)
    {
        const int Events = 16;
        await using var service = await WebService.StartAsync(app => app.MapGet("/", async (HttpContext context) =>
        {
            for (var i = 0; i < Events; i++)
            {
                await context.Response.WriteAsync($"data: {i}\n\n", context.RequestAborted);
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, context.RequestAborted);
            }
        }));
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{service.Port}", server: ShortTimeouts);

        var reply = await Curl.RunAsync([version, "-N", "-H", "x-pico-endpoint: web", pico.Proxy.ToString()]);

        Assert.Equal(string.Concat(Enumerable.Range(0, Events).Select(i => $"data: {i}\n\n")), reply.Succeeded().Text);
    }

    [Theory(Timeout = 90_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Response_ThatStandsStill_IsAbortedAfterTheIdleTimeout(string version)
    {
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.");
            await connection.ReadToEndAsync();
        });
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{service.Port}", server: ShortTimeouts);

        var start = TimeProvider.System.GetTimestamp();
        var reply = await Curl.RunAsync([version, "-H", "x-pico-endpoint: web", pico.Proxy.ToString()]);

        Assert.NotEqual(0, reply.ExitCode);
        Assert.Equal("half.", reply.Text);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 1.5, 8);
    }
}
