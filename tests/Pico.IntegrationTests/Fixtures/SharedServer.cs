namespace Pico.IntegrationTests.Fixtures;

/// <summary>
/// One server with the defaults that ship, for every test that needs no other; started by the first of them. Each test brings its agent and its
/// endpoint.
/// </summary>
public sealed class SharedServer : IAsyncDisposable
{
    private static int _endpoints;

    private readonly Lazy<Task<ServerProcess>> _server = new(() => ServerProcess.StartAsync());

    /// <summary>Starts an agent for the service at <paramref name="port"/> under an endpoint ID of its own.</summary>
    internal async Task<ExposedService> ExposeAsync(int port, string scheme = "http")
    {
        var server = await _server.Value;
        var id = $"test-{Interlocked.Increment(ref _endpoints)}";
        return new(id, server.Proxy, await AgentProcess.StartAsync(server.Upstream, $"{id}/{scheme}://127.0.0.1:{port}"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated && _server.Value.IsCompletedSuccessfully)
            await (await _server.Value).DisposeAsync();
    }
}
