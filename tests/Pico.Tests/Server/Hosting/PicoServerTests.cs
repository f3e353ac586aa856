using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Pico.Server.Hosting;

namespace Pico.Tests.Server.Hosting;

public sealed class PicoServerTests : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly PicoServer _server = new(TestServer.Options());

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Start_PortZero_GivesEachPortItsAddress()
    {
        await _server.StartAsync(TestContext.Current.CancellationToken);

        IPEndPoint[] addresses = [_server.ProxyAddress, _server.UpstreamAddress, _server.AdminAddress];
        Assert.All(addresses, a => Assert.NotEqual(0, a.Port));
        Assert.Equal(3, addresses.Distinct().Count());
        Assert.Throws<InvalidOperationException>(() => _server.TlsPassthroughAddress);
    }

    [Fact]
    public async Task Start_AllAddresses_ListensOnBothFamilies()
    {
        var options = TestServer.Options();
        options.Admin.BindAddress = ":0";
        await using var server = new PicoServer(options);
        await server.StartAsync(TestContext.Current.CancellationToken);

        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
                continue;
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(address, server.AdminAddress.Port), TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData("proxy.bind-addr")]
    [InlineData("upstream.bind-addr")]
    [InlineData("admin.bind-addr")]
    public async Task Start_PortTaken_NamesTheOption(string key)
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var options = TestServer.Options();
        var address = holder.LocalEndpoint.ToString()!;
        switch (key)
        {
            case "proxy.bind-addr": options.Proxy.BindAddress = address; break;
            case "upstream.bind-addr": options.Upstream.BindAddress = address; break;
            default: options.Admin.BindAddress = address; break;
        }

        await using var server = new PicoServer(options);
        var error = await Assert.ThrowsAsync<ServerStartException>(() => server.StartAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith($"{key}: cannot listen on '{address}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Admin_WhileRunning_IsAliveAndReadyAndMeasures()
    {
        await _server.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal("alive\n", await Admin("/health"));
        Assert.Equal("ready\n", await Admin("/ready"));
        Assert.Contains("pico_requests_in_flight", await Admin("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Admin_UnknownPath_IsAProblem()
    {
        await _server.StartAsync(TestContext.Current.CancellationToken);

        using var response = await _http.GetAsync($"http://{_server.AdminAddress}/pico/v1/tunnel", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("not_found", Assert.Single(response.Headers.GetValues("x-pico-error")));
        Assert.False(response.Headers.Contains("Server"));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal(404, problem.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Stop_WhileAClientIsConnected_SaysNotReadyThenCloses()
    {
        var options = TestServer.Options();
        options.DrainDelay = TimeSpan.FromMinutes(1);
        options.GracePeriod = TimeSpan.FromMinutes(2);
        await using var server = new PicoServer(options);
        await server.StartAsync(TestContext.Current.CancellationToken);

        using var hurry = new CancellationTokenSource();
        var stopping = server.StopAsync(hurry.Token);
        using var response = await _http.GetAsync($"http://{server.AdminAddress}/ready", TestContext.Current.CancellationToken);
        var address = server.AdminAddress;
        await hurry.CancelAsync();
        await stopping;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetAsync($"http://{address}/ready", TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Constructor_BadOptions_NamesAllAtOnce()
    {
        var options = TestServer.Options();
        options.Proxy.BindAddress = "nowhere";
        options.Proxy.TrustedProxies = ["10.0.0.0/8", "10.0.0.0/99"];
        options.Proxy.ConnectTimeout = TimeSpan.FromSeconds(-1);
        options.Upstream.Tls.KeyFile = "key.pem";

        var error = Assert.Throws<InvalidOptionsException>(() => new PicoServer(options));

        Assert.Equal(
            ["proxy.bind-addr", "upstream.tls.certificate-file", "proxy.trusted-proxies", "proxy.connect-timeout"],
            error.Errors.Select(e => e.Key));
    }

    private async Task<string> Admin(string path) =>
        await _http.GetStringAsync($"http://{_server.AdminAddress}{path}", TestContext.Current.CancellationToken);
}
