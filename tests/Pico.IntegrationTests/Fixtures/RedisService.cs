namespace Pico.IntegrationTests.Fixtures;

/// <summary>Redis, in memory only.</summary>
internal sealed class RedisService : IAsyncDisposable
{
    private readonly BackgroundProcess _process;

    private RedisService(BackgroundProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; }

    /// <summary>Starts an empty Redis.</summary>
    public static async Task<RedisService> StartAsync()
    {
        var port = Ports.Free();
        var process = BackgroundProcess.Start(
            Tool.RedisServer.Require(), ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        await process.WaitUntilAsync("Redis listens", () => TcpProbe.Listens(port));
        return new(process, port);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
