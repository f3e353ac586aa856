namespace Pico.Benchmarks.Scale.Processes;

/// <summary>Whether every endpoint answers.</summary>
internal static class EndpointCheck
{
    private const int AtOnce = 32;

    /// <summary>Sends a request to each of the first endpoints by way of <paramref name="node"/>; throws with the first that is not answered as the service does.</summary>
    public static async Task RunAsync(PicoNode node, int endpoints, CancellationToken cancellation)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        var url = new Uri($"http://127.0.0.1:{node.Ports.Proxy}/");
        await Parallel.ForAsync(0, endpoints, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (number, stop) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Add(Targets.RunningTarget.EndpointHeader, AgentsVerb.EndpointId(number));
            using var answer = await client.SendAsync(request, stop);
            var text = await answer.Content.ReadAsStringAsync(stop);
            if (!answer.IsSuccessStatusCode || text != "ok")
                throw new BenchmarkException($"{AgentsVerb.EndpointId(number)} answers {(int)answer.StatusCode}: {text}");
        });
    }
}
