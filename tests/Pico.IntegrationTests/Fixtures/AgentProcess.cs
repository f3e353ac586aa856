namespace Pico.IntegrationTests.Fixtures;

/// <summary>A running <c>pico agent</c>.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private AgentProcess(BackgroundProcess process, Uri admin)
    {
        Process = process;
        Admin = admin;
    }

    /// <summary>The agent's own port.</summary>
    public Uri Admin { get; }

    /// <summary>The process itself.</summary>
    public BackgroundProcess Process { get; }

    /// <summary>
    /// Starts an agent for <paramref name="endpoints"/> (<c>web/http://127.0.0.1:80</c>, separated by commas) and waits until all are registered.
    /// </summary>
    public static async Task<AgentProcess> StartAsync(Uri server, string endpoints, params string[] options)
    {
        var agent = Launch(server, endpoints, options);
        var expected = endpoints.Split(',').Length;
        await agent.Process.WaitUntilAsync("every endpoint is registered", async token =>
            await Readiness.IsOkAsync(new(agent.Admin, "/ready"), token) && await agent.CountRegistrationsAsync() >= expected);
        return agent;
    }

    /// <summary>As <see cref="StartAsync"/>, without waiting.</summary>
    public static AgentProcess Launch(Uri server, string endpoints, params string[] options) => Launch(server, endpoints, Surroundings.Here, options);

    /// <summary>As <see cref="Launch(Uri, string, string[])"/>, somewhere.</summary>
    public static AgentProcess Launch(Uri server, string endpoints, Surroundings surroundings, params string[] options)
    {
        var admin = new Uri($"http://{surroundings.Host}:{Ports.Free()}/");
        return new(PicoProgram.Start("agent", surroundings, ["--endpoints", endpoints, "--server", server.GetLeftPart(UriPartial.Authority), "--bind-addr", admin.Authority, .. options]), admin);
    }

    /// <summary>How many registrations it has, over all of its tunnels.</summary>
    public async Task<int> CountRegistrationsAsync()
    {
        const string Metric = "pico_agent_registrations ";
        var lines = (await Readiness.GetAsync(new(Admin, "/metrics"))).Split('\n');
        return int.Parse(lines.First(l => l.StartsWith(Metric, StringComparison.Ordinal))[Metric.Length..]);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
