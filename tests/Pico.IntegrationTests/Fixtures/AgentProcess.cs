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
        await agent.Process.WaitUntilAsync("the agent is ready", token => Readiness.IsOkAsync(new(agent.Admin, "/ready"), token));
        return agent;
    }

    /// <summary>As <see cref="StartAsync"/>, without waiting.</summary>
    public static AgentProcess Launch(Uri server, string endpoints, params string[] options)
    {
        var admin = new Uri($"http://127.0.0.1:{Ports.Free()}/");
        return new(PicoProgram.Start("agent", ["--endpoints", endpoints, "--server", $"ws://{server.Authority}", "--bind-addr", admin.Authority, .. options]), admin);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
