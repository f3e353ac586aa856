using Microsoft.AspNetCore.Builder;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Load;

/// <summary>Clients that stop reading cost bounded memory and nobody's time.</summary>
[Collection(nameof(Alone))]
public sealed class BackPressureTests(ITestOutputHelper output)
{
    private const int Clients = 200;
    private const long Gibibyte = 1L << 30;

    // docs/protocol.md: what a tunnel may hold is its receive budget (64 MiB) and a least window (16 KiB) for each stream.
    private const long BoundMiB = 64 + (Clients * 16 / 1024);

    // Buffers of 200 connections on both sides of each process, and what the garbage collector has not yet given back.
    private const long AroundMiB = 64;

    [Fact(Timeout = 180_000)]
    public async Task Clients_ThatStopReading_CostBoundedMemoryAndSlowDownNobody()
    {
        await using var big = await WebService.StartAsync(app => app.MapGet("/", context => Pattern.WriteAsync(context.Response.Body, Gibibyte)));
        await using var nginx = await NginxService.StartAsync("location / { return 204; }");
        await using var pico = await Deployment.StartAsync(
            $"big/http://127.0.0.1:{big.Port},small/http://127.0.0.1:{nginx.Port}", agent: ["--connections", "1"]);
        await RequestTimer.P99Async(pico.Proxy, "small", rounds: 3);
        var unloaded = await RequestTimer.P99Async(pico.Proxy, "small", rounds: 3);
        var clients = new List<RawConnection>();
        try
        {
            await using var memory = MemoryWatch.Start(pico);
            for (var i = 0; i < Clients; i++)
            {
                clients.Add(await RawConnection.ConnectAsync(pico.Proxy));
                await clients[i].SendAsync("GET / HTTP/1.1\r\nHost: a.example\r\nx-pico-endpoint: big\r\n\r\n");
                Assert.StartsWith("HTTP/1.1 200 ", await clients[i].ReadHeadAsync(), StringComparison.Ordinal);
            }

            await StandstillAsync(pico);
            var loaded = await RequestTimer.P99Async(pico.Proxy, "small", rounds: 5);

            output.WriteLine($"p99 unloaded {unloaded}, loaded {loaded}; memory {string.Join(", ", memory.Growth)}");
            memory.GrewAtMost(BoundMiB + AroundMiB);
            Assert.InRange(loaded, TimeSpan.Zero, 2 * unloaded);
        }
        finally
        {
            foreach (var client in clients)
                await client.DisposeAsync();
        }
    }

    // Until nothing grows any more: all windows and socket buffers are full.
    private static async Task StandstillAsync(Deployment pico)
    {
        long last = -1;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
        while (await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken))
        {
            var now = (pico.Server.Process.ResidentBytes + pico.Agent.Process.ResidentBytes) >> 20;
            if (Math.Abs(now - last) <= 1)
                return;
            last = now;
        }
    }
}
