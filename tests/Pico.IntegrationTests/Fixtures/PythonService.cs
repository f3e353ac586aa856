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

    /// <summary>Runs a script that makes tokens to its end and gives what it printed; fails if it does.</summary>
    public static async Task<byte[]> MakeTokensAsync(string script, params string[] arguments)
    {
        await RequireAsync("jwt", "python3-jwt");
        await RequireAsync("cryptography", "python3-cryptography");
        return (await Command.RunAsync(Tool.Python, [Script(script), .. arguments])).Succeeded().Output;
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Peers", name);

    private static async Task<string> RequireAsync(string module = "websockets", string package = "python3-websockets")
    {
        var program = Tool.Python.Require();
        if ((await Command.RunAsync(Tool.Python, "-c", $"import {module}")).ExitCode != 0)
            throw Tool.Missing($"The module {module}", package);
        return program;
    }
}
