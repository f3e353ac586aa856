using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Metrics;

/// <summary>Clients, agents and strangers that do again and again what metrics are to tell, right and wrong, until they are stopped.</summary>
internal sealed class TroubledTraffic(MonitoredTargets targets) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
#pragma warning disable CA5359 // It is the test's own process, whatever certificate it shows.
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
    });

    public void Start()
    {
        Repeat(() => GetAsync(targets.Nodes[0].Proxy, "obs-web", times: 5));
        Repeat(() => GetAsync(targets.Nodes[1].Proxy, "obs-web", times: 5)); // relayed
        Repeat(() => GetAsync(targets.Nodes[0].Proxy, "obs-down", "broken", times: 3));
        Repeat(() => GetAsync(targets.Nodes[0].Proxy, "obs-dead", times: 3));
        Repeat(() => GetAsync(targets.Nodes[1].Proxy, "obs-dead", times: 3));
        Repeat(() => GetAsync(targets.Nodes[0].Proxy, "obs-flappy"));
        Repeat(() => GetAsync(targets.Nodes[0].Proxy, "obs-nobody", times: 10));
        Repeat(() => GetAsync(targets.Nodes[0].Proxy, "obs-web", "slow"));
        Repeat(() => GetAsync(targets.Nodes[0].Proxy, "obs-web", header: new string('x', 10_000), times: 5));
        Repeat(() => SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"http://{targets.Nodes[0].Upstream.Authority}/pico/v1/tunnel") { Headers = { { "Authorization", "Bearer no-token" } } }, 5));
        Repeat(() => ReviewAsync("no review"));
        Repeat(() => ReviewAsync(Review("shop")));
        Repeat(() => ReviewAsync(Review("kube-system")));
        Repeat(() => ConnectTlsAsync("obs-tcp"));
        Repeat(() => ConnectTlsAsync("obs-nothing"));
        Repeat(SendGarbageAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _http.Dispose();
        _stop.Dispose();
    }

    private const string Pod = """{"metadata": {"annotations": {"pico.dev/inject": "true", "pico.dev/port": "1"}}, "spec": {"containers": [{"name": "a"}]}}""";

    private static string Review(string @namespace) => $$"""
        {"request": {"uid": "u", "kind": {"kind": "Pod"}, "operation": "CREATE", "namespace": "{{@namespace}}", "object": {{Pod}} } }
        """;

    private Task ReviewAsync(string body) => SendAsync(
        () => new HttpRequestMessage(HttpMethod.Post, $"https://{targets.Webhook}/inject") { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    private void Repeat(Func<Task> action) => _running.Add(Task.Run(async () =>
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await action();
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, _stop.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
            {
                // A node that was killed, or what is meant to go wrong.
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
            }
        }
    }));

    private Task GetAsync(Uri proxy, string endpoint, string path = "", string header = "a", int times = 1) => SendAsync(
        () => new HttpRequestMessage(HttpMethod.Get, new Uri(proxy, path)) { Headers = { { "x-pico-endpoint", endpoint }, { "x-other", header } } }, times);

    private async Task SendAsync(Func<HttpRequestMessage> request, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            using var message = request();
            using var response = await _http.SendAsync(message, _stop.Token);
        }
    }

    private async Task ConnectTlsAsync(string endpoint)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(targets.TlsPassthrough, _stop.Token);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = $"{endpoint}.pico.example" }, _stop.Token);
    }

    private async Task SendGarbageAsync()
    {
        using var udp = new UdpClient();
        for (var i = 0; i < 5; i++)
            await udp.SendAsync(Encoding.ASCII.GetBytes("no gossip"), targets.Gossip, _stop.Token);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(targets.Gossip, _stop.Token);
        await tcp.GetStream().WriteAsync(new byte[] { 0x16, 3, 1, 0, 4, 1, 0, 0, 0 }, _stop.Token); // a ClientHello of nothing
        await tcp.GetStream().ReadAtLeastAsync(new byte[64], 64, throwOnEndOfStream: false, _stop.Token);
    }
}

/// <summary>Where <see cref="TroubledTraffic"/> goes.</summary>
internal sealed record MonitoredTargets(IReadOnlyList<ServerProcess> Nodes, IPEndPoint Gossip, IPEndPoint TlsPassthrough, string Webhook);
