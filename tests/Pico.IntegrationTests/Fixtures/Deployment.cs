namespace Pico.IntegrationTests.Fixtures;

/// <summary>A server of the test's own and one agent, for tests that set options, measure, or break things.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    private Deployment(ServerProcess server, AgentProcess agent)
    {
        Server = server;
        Agent = agent;
    }

    /// <summary>The server.</summary>
    public ServerProcess Server { get; }

    /// <summary>The agent.</summary>
    public AgentProcess Agent { get; }

    /// <summary>Where clients send requests.</summary>
    public Uri Proxy => Server.Proxy;

    /// <summary>Starts both and waits until <paramref name="endpoints"/> (separated by commas) are registered.</summary>
    public static async Task<Deployment> StartAsync(string endpoints, string[]? server = null, string[]? agent = null)
    {
        var started = await ServerProcess.StartAsync(server ?? []);
        try
        {
            return new(started, await AgentProcess.StartAsync(started.Upstream, endpoints, agent ?? []));
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Server.DisposeAsync();
    }
}
