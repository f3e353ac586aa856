namespace Pico.IntegrationTests.Fixtures;

/// <summary>Runs the scripts of the folder Peers with the distribution's Python.</summary>
internal sealed class PythonService : IAsyncDisposable
{
    private PythonService(BackgroundProcess process, int port)
    {
        Process = process;
        Port = port;
    }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; }

    /// <summary>The process itself.</summary>
    public BackgroundProcess Process { get; }

    /// <summary>Starts a script that takes the port as its argument.</summary>
    public static async Task<PythonService> StartAsync(string script)
    {
        var port = Ports.Free();
        var service = new PythonService(BackgroundProcess.Start(await RequireAsync(), ["-u", Script(script), $"{port}"]), port);
        await service.Process.WaitUntilAsync($"{script} listens", () => TcpProbe.Listens(port));
        return service;
    }

    /// <summary>Runs a script to its end; fails if it does.</summary>
    public static async Task RunAsync(string script, params string[] arguments)
    {
        await RequireAsync();
        (await Command.RunAsync(Tool.Python, [Script(script), .. arguments])).Succeeded();
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Peers", name);

    private static async Task<string> RequireAsync()
    {
        var program = Tool.Python.Require();
        if ((await Command.RunAsync(Tool.Python, "-c", "import websockets")).ExitCode != 0)
            throw Tool.Missing("The module websockets", "python3-websockets");
        return program;
    }
}
