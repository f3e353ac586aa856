using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Load;

/// <summary>Thousands of connections that never come to their point.</summary>
[Collection(nameof(Alone))]
public sealed class SlowlorisTests(ITestOutputHelper output)
{
    private const int Clients = 2_000;
    private const int Rounds = 4;

    // What the machine's own timers and other processes do to a hundredth of the requests is no fault of the server's.
    private static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(1);

    [Fact(Timeout = 240_000)]
    public async Task TwoThousandSlowConnectionsOnEachPort_OthersP99StaysWithinTwiceTheUnloaded()
    {
        await using var service = RawService.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{service.Port}");
        await RequestTimer.P99Async(pico.Proxy, "web", rounds: 2); // until everything is compiled
        var unloaded = await RequestTimer.P99Async(pico.Proxy, "web", Rounds);

        await using var onProxy = await SlowClients.StartAsync(pico.Proxy, Clients);
        await using var onUpstream = await SlowClients.StartAsync(pico.Server.Upstream, Clients);
        var loaded = await RequestTimer.P99Async(pico.Proxy, "web", Rounds);
        var connections = await ConnectionsAsync(pico.Server);
        await using var agent = await AgentProcess.StartAsync(pico.Server.Upstream, $"other/http://127.0.0.1:{service.Port}");
        var other = await RequestTimer.P99Async(pico.Proxy, "other", rounds: 1);

        output.WriteLine($"p99 without {unloaded.TotalMilliseconds:F2} ms, with {connections} slow connections {loaded.TotalMilliseconds:F2} ms, "
            + $"by an agent that came then {other.TotalMilliseconds:F2} ms; connects: {onProxy.Connects} and {onUpstream.Connects}");
        Assert.InRange(connections, Clients * 9 / 10, int.MaxValue);
        Assert.InRange(loaded, TimeSpan.Zero, 2 * (unloaded > Noise ? unloaded : Noise));
    }

    private static async Task<int> ConnectionsAsync(ServerProcess server)
    {
        const string Metric = "pico_connections{";
        var lines = (await Readiness.GetAsync(new(server.Admin, "/metrics"))).Split('\n');
        return int.Parse(lines.First(l => l.StartsWith(Metric, StringComparison.Ordinal)).Split(' ')[1]);
    }
}
