using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Pico.TestService.Load;

/// <summary>
/// What a load balancer in front of Pico does: takes the ready addresses in the Endpoints of the proxy Service, which it watches, and learns of each change a second late, as those do
/// that are told by others. It asks no server for its health itself.
/// </summary>
internal sealed class ReadyServers : IAsyncDisposable
{
    private const string Account = "/var/run/secrets/kubernetes.io/serviceaccount";
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BeforeAnotherTry = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;
    private readonly Uri _watch;
    private readonly Task _watching;
    private volatile string[] _current = [];

    /// <param name="service">The Service, as NAMESPACE/NAME. The pod's ServiceAccount may watch its Endpoints.</param>
    public ReadyServers(string service)
    {
        var (@namespace, name) = service.Split('/') is [var first, var second] ? (first, second) : throw new ArgumentException($"{service} is no NAMESPACE/NAME", nameof(service));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile($"{Account}/ca.crt");
        _http = new(new SocketsHttpHandler { UseProxy = false, SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } }) { Timeout = Timeout.InfiniteTimeSpan };
        var server = $"https://{Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST")}:{Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT")}";
        // Without a version it begins with what is there.
        _watch = new($"{server}/api/v1/namespaces/{@namespace}/endpoints?watch=true&timeoutSeconds=300&fieldSelector=metadata.name%3D{name}");
        _watching = WatchAsync();
    }

    /// <summary>Their addresses and ports.</summary>
    public string[] Current => _current;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, _watch);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await File.ReadAllTextAsync($"{Account}/token", _stop.Token));
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
                using var changes = new StreamReader(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(_stop.Token));
                while (await changes.ReadLineAsync(_stop.Token) is { } line)
                {
                    if (JsonNode.Parse(line)!["object"] is { } change && (string?)change["kind"] == "Endpoints")
                        _ = TakeLaterAsync(Addresses(change));
                }
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync($"The Endpoints are not watched: {e.Message}");
            }

            await Task.Delay(BeforeAnotherTry, TimeProvider.System, _stop.Token);
        }
    }

    // Of timers with the same time the one that was set first ends first.
    private async Task TakeLaterAsync(string[] servers)
    {
        await Task.Delay(Lag, TimeProvider.System, _stop.Token);
        _current = servers;
    }

    private static string[] Addresses(JsonNode endpoints) =>
    [
        .. from subset in endpoints["subsets"]?.AsArray() ?? []
           from port in subset["ports"]!.AsArray()
           from address in subset["addresses"]?.AsArray() ?? []
           select string.Create(CultureInfo.InvariantCulture, $"{address["ip"]!.GetValue<string>()}:{port["port"]!.GetValue<int>()}"),
    ];
}
