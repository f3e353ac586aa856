namespace Pico.IntegrationTests.Fixtures;

/// <summary>Measures how long requests take, one after the other on a kept connection.</summary>
internal static class RequestTimer
{
    private const int Requests = 1_000;

    /// <summary>The 99th percentile of the times of GETs of a response without a body: the least of some rounds, so that a busy machine counts less.</summary>
    public static async Task<TimeSpan> P99Async(Uri proxy, string endpointId, int rounds)
    {
        await using var client = await RawConnection.ConnectAsync(proxy);
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < rounds; round++)
        {
            var times = new TimeSpan[Requests];
            for (var i = 0; i < Requests; i++)
            {
                var start = TimeProvider.System.GetTimestamp();
                await client.SendAsync($"GET / HTTP/1.1\r\nHost: a.example\r\nx-pico-endpoint: {endpointId}\r\n\r\n");
                Assert.StartsWith("HTTP/1.1 204 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
                times[i] = TimeProvider.System.GetElapsedTime(start);
            }

            Array.Sort(times);
            if (times[Requests * 99 / 100] < best)
                best = times[Requests * 99 / 100];
        }

        return best;
    }
}
