using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using Pico.Server.Admin.Status;
using Pico.Server.Hosting;

namespace Pico.Tests.Server;

/// <summary>A server on loopback, on ports that are free.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };

    private TestServer(PicoServer server) => Server = server;

    public PicoServer Server { get; }

    public static ServerOptions Options() => new()
    {
        Proxy = new() { BindAddress = "127.0.0.1:0" },
        Upstream = new() { BindAddress = "127.0.0.1:0" },
        Admin = new() { BindAddress = "127.0.0.1:0" },
        NodeId = "node-1",
        DrainDelay = TimeSpan.Zero,
        GracePeriod = TimeSpan.FromSeconds(20),
    };

    public static async Task<TestServer> StartAsync(Action<ServerOptions>? configure = null, ILoggerFactory? loggers = null)
    {
        var options = Options();
        configure?.Invoke(options);
        var server = new PicoServer(options, loggers);
        await server.StartAsync(TestContext.Current.CancellationToken);
        return new TestServer(server);
    }

    public Task<HttpResponseMessage> AdminAsync(string path) =>
        _http.GetAsync($"http://{Server.AdminAddress}{path}", TestContext.Current.CancellationToken);

    public async Task<ServerStatus> StatusAsync()
    {
        using var response = await AdminAsync("/status");
        return (await response.Content.ReadFromJsonAsync(StatusJson.Default.ServerStatus, TestContext.Current.CancellationToken))!;
    }

    /// <summary>Asks for the status until it is as wanted; the test's own time-out ends it.</summary>
    public async Task<ServerStatus> StatusAsync(Predicate<ServerStatus> wanted)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            deadline.Token.ThrowIfCancellationRequested();
            var status = await StatusAsync();
            if (wanted(status))
                return status;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
    }
}
