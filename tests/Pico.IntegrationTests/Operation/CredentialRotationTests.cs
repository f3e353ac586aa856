using System.Globalization;
using System.Net;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Operation;

/// <summary>Every credential is replaced while requests run, and no request notices.</summary>
[Trait(Long.Trait, Long.Runs)]
public sealed class CredentialRotationTests(ITestOutputHelper output)
{
    private const int RequestsPerSecond = 200;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact(Timeout = 300_000)]
    public async Task TokensKeysAndJwks_RotatedUnderLoad_FailNoRequest()
    {
        using var folder = new TempFolder();
        using var first = new TokenIssuer("first");
        using var second = new TokenIssuer("second");
        var jwks = folder.Write("jwks.json", TokenIssuer.Jwks(first));
        var clientKeys = folder.Write("clients.pem", TokenIssuer.Pem(first));
        var agentToken = folder.Write("agent.token", first.Mint(TimeSpan.FromSeconds(60), "web"));
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var pico = await Deployment.StartAsync(
            $"web/http://127.0.0.1:{nginx.Port}",
            ["--upstream.auth.jwks-file", jwks, "--upstream.auth.require-endpoints", "true", "--proxy.auth.public-key-files", clientKeys, "--proxy.auth.require-endpoints", "true"],
            ["--token-file", agentToken]);
        await using var load = new Load(pico.Proxy, first.Mint(Hour, "web"));

        // The key set learns of the second key; then the agent's token is one of the second; then the first key goes.
        var tunnels = await CountTunnelsAsync(pico);
        folder.Write("jwks.json", TokenIssuer.Jwks(first, second));
        await pico.Server.Process.WaitUntilAsync("the server has both keys", () => pico.Server.Process.Log.Contains("2 keys are in force", StringComparison.Ordinal));
        folder.Write("agent.token", second.Mint(Hour, "web"));
        await pico.Agent.Process.WaitUntilAsync("the agent has replaced both tunnels", async _ => await CountTunnelsAsync(pico) >= tunnels + 2);
        folder.Write("jwks.json", TokenIssuer.Jwks(second));

        // The same for clients: keys, tokens, keys.
        folder.Write("clients.pem", TokenIssuer.Pem(first, second));
        await Deadline.UntilAsync("the server takes clients' tokens of the second key", Hour / 60, async token => await IsTakenAsync(pico, second.Mint(Hour, "web"), token));
        load.Token = second.Mint(Hour, "web");
        await load.WaitAsync(RequestsPerSecond);
        folder.Write("clients.pem", TokenIssuer.Pem(second));
        await Deadline.UntilAsync("the server takes none of the first key", Hour / 60, async token => !await IsTakenAsync(pico, first.Mint(Hour, "web"), token));

        // Until the token that the agent began with has expired, and what ran with it had its time.
        await Deadline.UntilAsync("a minute has passed", Hour / 30, () => load.Elapsed > TimeSpan.FromSeconds(75));
        await load.StopAsync();

        output.WriteLine($"{load.Sent} requests in {load.Elapsed.TotalSeconds:F1} s, {load.Failures.Count} failed; {await CountTunnelsAsync(pico)} tunnels opened.");
        Assert.True(load.Failures.IsEmpty, $"{load.Failures.Count} failed, first {load.Failures.FirstOrDefault()}\n{pico.Server.Process.Log}\n{pico.Agent.Process.Log}");
        Assert.InRange(load.Sent / load.Elapsed.TotalSeconds, RequestsPerSecond * 0.8, double.MaxValue);
        foreach (var secret in load.Tokens.Append(await File.ReadAllTextAsync(agentToken, TestContext.Current.CancellationToken)))
            Assert.DoesNotContain(secret[^60..], pico.Server.Process.Log + pico.Agent.Process.Log, StringComparison.Ordinal);
    }

    private static async Task<bool> IsTakenAsync(Deployment pico, string token, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var response = await http.SendAsync(Load.Request(pico.Proxy, token), cancellationToken);
        return response.StatusCode == HttpStatusCode.OK;
    }

    private static async Task<int> CountTunnelsAsync(Deployment pico)
    {
        const string Metric = "pico_tunnels_opened_total";
        var line = (await Readiness.GetAsync(new(pico.Server.Admin, "/metrics"))).Split('\n').First(l => l.StartsWith(Metric, StringComparison.Ordinal) && !l.StartsWith('#'));
        return int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Requests at a steady rate on kept connections, whether answers come or not.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };
        private readonly CancellationTokenSource _stop = new();
        private readonly long _start = TimeProvider.System.GetTimestamp();
        private readonly List<Task> _running = [];
        private readonly Uri _proxy;
        private readonly Task _sending;
        private volatile string _token;
        private int _sent;

        public Load(Uri proxy, string token)
        {
            (_proxy, _token) = (proxy, token);
            Tokens = [token];
            _sending = SendAsync();
        }

        public System.Collections.Concurrent.ConcurrentQueue<string> Failures { get; } = [];

        public List<string> Tokens { get; }

        public int Sent => Volatile.Read(ref _sent);

        public TimeSpan Elapsed { get; private set; }

        public string Token
        {
            set
            {
                Tokens.Add(value);
                _token = value;
            }
        }

        public static HttpRequestMessage Request(Uri proxy, string token) => new(HttpMethod.Get, proxy)
        {
            Headers = { { "x-pico-endpoint", "web" }, { "x-pico-authorization", "Bearer " + token } },
        };

        /// <summary>Waits until so many more requests were sent.</summary>
        public Task WaitAsync(int requests)
        {
            var until = Sent + requests;
            return Deadline.UntilAsync("requests are sent", TimeSpan.FromSeconds(30), () => Sent >= until);
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _sending;
            await Task.WhenAll(_running);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _http.Dispose();
            _stop.Dispose();
        }

        private async Task SendAsync()
        {
            while (!_stop.IsCancellationRequested)
            {
                Elapsed = TimeProvider.System.GetElapsedTime(_start);
                for (; _sent < Elapsed.TotalSeconds * RequestsPerSecond; Interlocked.Increment(ref _sent))
                    _running.Add(AskAsync());
                _running.RemoveAll(r => r.IsCompleted);
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }
        }

        private async Task AskAsync()
        {
            try
            {
                using var request = Request(_proxy, _token);
                using var response = await _http.SendAsync(request);
                if (response.StatusCode != HttpStatusCode.OK)
                    Failures.Enqueue($"{Elapsed.TotalSeconds:F1} s: {response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                Failures.Enqueue($"{Elapsed.TotalSeconds:F1} s: {e.Message}");
            }
        }
    }
}
