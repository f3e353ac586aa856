using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Load;

/// <summary>One stream over a path of 100 ms and 1 Gbit/s between agent and server, compared to plain TCP on the same path.</summary>
[Collection(nameof(Alone))]
public sealed class LongPathTests(ITestOutputHelper output)
{
    private const long Length = 1L << 30;
    private const long Gigabit = 1_000_000_000;
    private const int Rounds = 3;
    private const double Share = 0.8;

    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(100);

    [Theory(Timeout = 180_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OneStream_ReachesFourFifthsOfPlainTcp(bool upload)
    {
        await using var service = await WebService.StartAsync(app =>
        {
            app.MapGet("/", context => Pattern.WriteAsync(context.Response.Body, Length));
            app.MapPut("/", async (HttpContext context) => await context.Response.WriteAsync($"{await Pattern.ReadAsync(context.Request.Body)}", context.RequestAborted));
        });
        await using var plain = DelayRelay.Start(service.Port, RoundTrip, Gigabit);
        await using var server = await ServerProcess.StartAsync();
        await using var path = DelayRelay.Start(server.Upstream.Port, RoundTrip, Gigabit);
        await using var agent = await AgentProcess.StartAsync(
            new($"ws://127.0.0.1:{path.Port}"), $"big/http://127.0.0.1:{service.Port}", "--connections", "1");

        // The tunnel's way costs more processor time, so whatever else the machine does slows it first: the best of some rounds counts.
        var best = 0.0;
        for (var round = 0; round < Rounds && best < Share; round++)
        {
            var yardstick = await MeasureAsync(new($"http://127.0.0.1:{plain.Port}"), upload);
            var tunnel = await MeasureAsync(server.Proxy, upload);
            best = Math.Max(best, tunnel / yardstick);
            output.WriteLine($"{(upload ? "up" : "down")}: plain TCP {yardstick:F1} MB/s, tunnel {tunnel:F1} MB/s");
        }

        Assert.InRange(best, Share, double.MaxValue);
    }

    private static async Task<double> MeasureAsync(Uri address, bool upload)
    {
        string[] curl = ["-H", "x-pico-endpoint: big", address.ToString()];
        var start = TimeProvider.System.GetTimestamp();
        if (upload)
        {
            var reply = await Curl.RunAsync(["-H", "Expect:", "-T", "-", .. curl], input: stream => Pattern.WriteAsync(stream, Length));
            Assert.Equal($"{Length}", reply.Succeeded().Text);
        }
        else
        {
            long received = 0;
            (await Curl.RunAsync(curl, output: async stream => received = await Pattern.ReadAsync(stream))).Succeeded();
            Assert.Equal(Length, received);
        }

        return Length / 1e6 / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}
