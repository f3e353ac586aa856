namespace Pico.IntegrationTests.Fixtures;

/// <summary>PostgreSQL with a database of its own. It refuses to run as root, so then it runs as the distribution's user postgres.</summary>
internal sealed class PostgresService : IAsyncDisposable
{
    private const string Account = "postgres";

    private readonly TempFolder _folder;
    private readonly BackgroundProcess _process;

    private PostgresService(TempFolder folder, BackgroundProcess process, int port)
    {
        _folder = folder;
        _process = process;
        Port = port;
    }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; }

    /// <summary>Makes an empty database cluster and serves it.</summary>
    public static async Task<PostgresService> StartAsync()
    {
        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (binaries is null)
            throw Tool.Missing("PostgreSQL", "postgresql");

        var folder = new TempFolder();
        var port = Ports.Free();
        if (Environment.IsPrivilegedProcess)
            (await Command.RunAsync(new("chown", "coreutils"), Account, folder.Path)).Succeeded();
        var data = folder.File("data");
        var (tool, first) = As($"{binaries}/bin/initdb");
        (await Command.RunAsync(tool, [.. first, "-D", data, "-U", Account, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"])).Succeeded();

        (tool, first) = As($"{binaries}/bin/postgres");
        var process = BackgroundProcess.Start(tool.Require(), [
            .. first, "-D", data, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={folder.Path}",
            "-c", "fsync=off", "-c", "shared_buffers=16MB"]);
        await process.WaitUntilAsync("PostgreSQL is up", () => process.Log.Contains("ready to accept connections", StringComparison.Ordinal));
        return new(folder, process, port);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Signal(3); // SIGQUIT: PostgreSQL ends its own children at once, and leaves no shared memory behind.
        await _process.WaitForExitAsync(TimeSpan.FromSeconds(10));
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static (Tool Tool, string[] Arguments) As(string program) => Environment.IsPrivilegedProcess
        ? (Tool.SetPriv, ["--reuid", Account, "--regid", Account, "--init-groups", program])
        : (new(program, "postgresql"), []);
}
