namespace Pico.IntegrationTests.Fixtures;

/// <summary>An HTTP proxy that wants a user and password: Tinyproxy.</summary>
internal sealed class TinyProxyService : IAsyncDisposable
{
    public const string User = "clerk";
    public const string Password = "geheim-7391";

    private readonly TempFolder _folder;
    private readonly BackgroundProcess _process;

    private TinyProxyService(TempFolder folder, BackgroundProcess process, int port) => (_folder, _process, Port) = (folder, process, port);

    public int Port { get; }

    /// <summary>Its URL with the credentials in it.</summary>
    public string Url => $"http://{User}:{Password}@127.0.0.1:{Port}";

    /// <summary>What it did.</summary>
    public string Log => _process.Log;

    public static async Task<TinyProxyService> StartAsync()
    {
        var program = Tool.TinyProxy.Require();
        var folder = new TempFolder();
        var port = Ports.Free();
        var configuration = folder.Write("tinyproxy.conf", $"Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 50\nBasicAuth {User} {Password}\nLogLevel Connect\n");
        var process = BackgroundProcess.Start(program, ["-d", "-c", configuration]);
        await process.WaitUntilAsync("Tinyproxy listens", () => TcpProbe.Listens(port));
        return new(folder, process, port);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
