using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>Server-sent events to curl: each at once, for as long as the service wants.</summary>
[Collection(nameof(Alone))]
public sealed class ServerSentEventsTests(SharedServer shared)
{
    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Event_Sent_ReachesTheClientWithin100Milliseconds(string version)
    {
        const int Events = 5;
        var sent = Channel.CreateUnbounded<long>();
        var next = Channel.CreateUnbounded<bool>();
        await using var service = await WebService.StartAsync(app => app.MapGet("/", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var i = 0; i < Events; i++)
            {
                sent.Writer.TryWrite(TimeProvider.System.GetTimestamp());
                await context.Response.WriteAsync($"data: event {i}\n\n", context.RequestAborted);
                await next.Reader.ReadAsync(context.RequestAborted);
            }
        }));
        await using var web = await shared.ExposeAsync(service.Port);
        var delays = new List<double>();

        var reply = await Curl.RunAsync([version, "-N", "-H", web.Header, web.Url("/")], output: async stream =>
        {
            using var reader = new StreamReader(stream);
            for (var i = 0; i < Events; i++)
            {
                Assert.Equal($"data: event {i}", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
                var received = TimeProvider.System.GetTimestamp();
                delays.Add(TimeProvider.System.GetElapsedTime(await sent.Reader.ReadAsync(TestContext.Current.CancellationToken), received).TotalMilliseconds);
                Assert.Empty((await reader.ReadLineAsync(TestContext.Current.CancellationToken))!);
                next.Writer.TryWrite(true);
            }

            Assert.Empty(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        });

        reply.Succeeded();
        Assert.All(delays, delay => Assert.InRange(delay, 0, 100));
    }
}
