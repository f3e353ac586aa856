namespace Pico.IntegrationTests.Fixtures;

/// <summary>A running <c>pico server</c>, all of its ports at one address.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly ServerAddresses _addresses;
    private readonly string[] _options;

    private ServerProcess(ServerAddresses addresses, string[] options) => (_addresses, _options) = (addresses, options);

    /// <inheritdoc cref="ServerAddresses.Proxy"/>
    public Uri Proxy => _addresses.Proxy;

    /// <inheritdoc cref="ServerAddresses.Upstream"/>
    public Uri Upstream => _addresses.Upstream;

    /// <inheritdoc cref="ServerAddresses.Admin"/>
    public Uri Admin => _addresses.Admin;

    /// <summary>The process itself. Another one after <see cref="RestartAsync"/>.</summary>
    public BackgroundProcess Process { get; private set; } = null!;

    private Surroundings Surroundings { get; init; } = Surroundings.Here;

    /// <summary>Starts a server with <paramref name="options"/> beside its addresses, and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(params string[] options)
    {
        var server = new ServerProcess(ServerAddresses.Free(options), options);
        await server.RestartAsync();
        return server;
    }

    /// <summary>Starts a server at <paramref name="addresses"/>, without waiting.</summary>
    public static ServerProcess Launch(ServerAddresses addresses, Surroundings surroundings, params string[] options)
    {
        var server = new ServerProcess(addresses, options) { Surroundings = surroundings };
        server.Launch();
        return server;
    }

    /// <summary>Starts the server (again) at the same addresses, once the last one has ended, and waits until it is ready.</summary>
    public async Task RestartAsync()
    {
        Launch();
        await WaitUntilReadyAsync();
    }

    /// <summary>Waits until the server is ready.</summary>
    public Task WaitUntilReadyAsync() => Process.WaitUntilAsync("the server is ready", token => Readiness.IsOkAsync(new(Admin, "/ready"), token));

    private void Launch() => Process = PicoProgram.Start(
        "server",
        Surroundings,
        ["--proxy.bind-addr", Proxy.Authority, "--upstream.bind-addr", Upstream.Authority, "--admin.bind-addr", Admin.Authority, .. _options]);

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
