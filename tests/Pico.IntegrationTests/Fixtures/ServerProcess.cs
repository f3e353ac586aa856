namespace Pico.IntegrationTests.Fixtures;

/// <summary>A running <c>pico server</c>, all of its ports on loopback.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly string[] _options;

    private ServerProcess(string[] options)
    {
        _options = options;
        Proxy = new($"http{Tls("proxy")}://127.0.0.1:{Ports.Free()}/");
        Upstream = new($"ws{Tls("upstream")}://127.0.0.1:{Ports.Free()}");
        Admin = new($"http{Tls("admin")}://127.0.0.1:{Ports.Free()}/");

        string Tls(string port) => options.Contains($"--{port}.tls.certificate-file") ? "s" : "";
    }

    /// <summary>Where clients send requests.</summary>
    public Uri Proxy { get; }

    /// <summary>Where agents connect.</summary>
    public Uri Upstream { get; }

    /// <summary>Health, readiness, metrics, status.</summary>
    public Uri Admin { get; }

    /// <summary>The process itself. Another one after <see cref="RestartAsync"/>.</summary>
    public BackgroundProcess Process { get; private set; } = null!;

    /// <summary>Starts a server with <paramref name="options"/> beside its addresses, and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(params string[] options)
    {
        var server = new ServerProcess(options);
        await server.RestartAsync();
        return server;
    }

    /// <summary>Starts the server (again) at the same addresses, once the last one has ended, and waits until it is ready.</summary>
    public async Task RestartAsync()
    {
        Process = PicoProgram.Start(
            "server",
            ["--proxy.bind-addr", Proxy.Authority, "--upstream.bind-addr", Upstream.Authority, "--admin.bind-addr", Admin.Authority, .. _options]);
        await Process.WaitUntilAsync("the server is ready", token => Readiness.IsOkAsync(new(Admin, "/ready"), token));
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
