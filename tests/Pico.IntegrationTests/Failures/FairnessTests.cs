using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Failures;

/// <summary>One endpoint or one client that takes all it can get, and what the others keep.</summary>
public sealed class FairnessTests
{
    private const int Most = 100;

    [Theory(Timeout = 120_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task EndpointThatHangsAndIsFlooded_503BeyondItsLimit_AndOthersAreServed(string version)
    {
        await using var hanging = RawService.Start(async connection => await connection.ReadToEndAsync());
        await using var service = RawService.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var pico = await Deployment.StartAsync(
            $"hangs/http://127.0.0.1:{hanging.Port},web/http://127.0.0.1:{service.Port}", server: ["--proxy.max-requests-per-endpoint", $"{Most}"]);
        await using var flood = new Flood();
        await flood.StartAsync(pico.Proxy, Most);
        while (hanging.Connections < Most)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);

        var refused = await AskAsync(pico, "hangs", version);
        refused.IsPicoError(503, "overloaded");
        Assert.Equal(["1"], refused.Header("retry-after"));
        Assert.Equal("ok", (await AskAsync(pico, "web", version)).Succeeded().Text);
        var metrics = (await Readiness.GetAsync(new(pico.Server.Admin, "/metrics"))).Split('\n');
        Assert.Contains(metrics, line => line.Contains("limit=\"proxy.max-requests-per-endpoint\"} 1", StringComparison.Ordinal));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task ClientOverItsRate_429_AndOtherClientsAreServed(string version)
    {
        await using var service = RawService.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{service.Port}", server: ["--proxy.max-rate-per-client", "1"]);
        var url = pico.Proxy.ToString();

        // Far more than one a second.
        var flood = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Curl.RunAsync(["-H", "x-pico-endpoint: web", version, url])));
        var other = await Curl.RunAsync(["-H", "x-pico-endpoint: web", version, "--interface", "127.0.0.3", url]);

        Assert.Contains(flood, reply => reply.Status == 429 && reply.Header("x-pico-error") is ["rate_limited"] && reply.Header("retry-after") is ["1"]);
        Assert.Equal("ok", other.Succeeded().Text);
    }

    [Fact(Timeout = 60_000)]
    public async Task ClientThatHalfClosesBehindItsRequest_GetsItsAnswer()
    {
        await using var service = RawService.Start(async connection =>
        {
            while (true)
            {
                await connection.ReadHeadAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, TestContext.Current.CancellationToken);
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{service.Port}");
        await using var client = await RawConnection.ConnectAsync(pico.Proxy);

        await client.SendAsync("GET / HTTP/1.1\r\nHost: web.example\r\n\r\n");
        client.EndSending();

        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", await client.ReadToEndAsync());
    }

    private static Task<CurlResponse> AskAsync(Deployment pico, string endpoint, string version) =>
        Curl.RunAsync(["-H", $"x-pico-endpoint: {endpoint}", version, pico.Proxy.ToString()]);

    /// <summary>Requests that are never answered, each on a connection of its own.</summary>
    private sealed class Flood : IAsyncDisposable
    {
        private readonly List<RawConnection> _clients = [];

        public async Task StartAsync(Uri proxy, int count)
        {
            for (var i = 0; i < count; i++)
            {
                var client = await RawConnection.ConnectAsync(proxy);
                _clients.Add(client);
                await client.SendAsync("GET / HTTP/1.1\r\nHost: hangs.example\r\n\r\n");
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in _clients)
                await client.DisposeAsync();
        }
    }
}
