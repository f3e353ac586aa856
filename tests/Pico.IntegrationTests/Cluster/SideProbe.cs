using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>What a node answered for an endpoint. Times are those of the traffic.</summary>
internal sealed record Probe(int Node, string Endpoint, TimeSpan Began, TimeSpan Ended, string Answer)
{
    /// <summary>What the service itself answers.</summary>
    public const string Served = "ok";

    /// <summary>How long it took.</summary>
    public TimeSpan Took => Ended - Began;

    /// <summary>The service answered.</summary>
    public bool IsServed => Answer == Served;

    public override string ToString() => $"{Began.TotalSeconds:F2} s node {Node + 1} {Endpoint} {Took.TotalMilliseconds:F0} ms: {Answer}";
}

/// <summary>Asks each node for each endpoint, four times a second, whatever became of the request before.</summary>
internal sealed class SideProbe : IAsyncDisposable
{
    /// <summary>What is asked for.</summary>
    public static readonly string[] Endpoints = ["web", "solo", "tcp"];

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly IReadOnlyList<ServerProcess> _nodes;
    private readonly ForwardProcess[] _forwards;
    private readonly TrafficLog _clock;
    private readonly ConcurrentQueue<Probe> _probes = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _asking;

    private SideProbe(IReadOnlyList<ServerProcess> nodes, ForwardProcess[] forwards, TrafficLog clock)
    {
        (_nodes, _forwards, _clock) = (nodes, forwards, clock);
        _asking = AskAllAsync();
    }

    /// <summary>What has been answered so far.</summary>
    public IReadOnlyCollection<Probe> Probes => _probes;

    /// <summary>Begins to ask.</summary>
    public static async Task<SideProbe> StartAsync(IReadOnlyList<ServerProcess> nodes, TrafficLog clock)
    {
        var forwards = new List<ForwardProcess>();
        foreach (var node in nodes)
            forwards.Add(await ForwardProcess.StartAsync(node.Proxy, "tcp"));
        return new(nodes, [.. forwards], clock);
    }

    /// <summary>Asks each node for each endpoint once; true if all were served.</summary>
    public async Task<bool> AreAllServedAsync() =>
        (await Task.WhenAll(Enumerable.Range(0, _nodes.Count).SelectMany(_ => Endpoints, AskAsync))).All(probe => probe.IsServed);

    /// <summary>Begins nothing more, and waits for what runs.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _asking;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var forward in _forwards)
            await forward.DisposeAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task AskAllAsync()
    {
        var running = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            running.RemoveAll(r => r.IsCompletedSuccessfully);
            for (var node = 0; node < _nodes.Count; node++)
            {
                foreach (var endpoint in Endpoints)
                    running.Add(AskAndKeepAsync(node, endpoint));
            }

            await Task.Delay(Interval, TimeProvider.System);
        }

        await Task.WhenAll(running);
    }

    private async Task AskAndKeepAsync(int node, string endpoint) => _probes.Enqueue(await AskAsync(node, endpoint));

    private async Task<Probe> AskAsync(int node, string endpoint)
    {
        var began = _clock.Now;
        string answer;
        try
        {
            answer = endpoint == "tcp" ? await AskTcpAsync(_forwards[node].Port) : await AskHttpAsync(_nodes[node].Proxy, endpoint);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or SocketException or OperationCanceledException)
        {
            answer = e.Message;
        }

        return new(node, endpoint, began, _clock.Now, answer);
    }

    private async Task<string> AskHttpAsync(Uri node, string endpoint)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, node) { Headers = { { "x-pico-endpoint", endpoint } } };
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var code = response.Headers.TryGetValues("x-pico-error", out var codes) ? string.Join(',', codes) : "";
        return response.StatusCode == HttpStatusCode.OK && text == "ok" ? Probe.Served : $"{(int)response.StatusCode} {code}";
    }

    private static async Task<string> AskTcpAsync(int port)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port, patience.Token);
        var stream = client.GetStream();
        await stream.WriteAsync("line\n"u8.ToArray(), patience.Token);
        var buffer = new byte[5];
        await stream.ReadExactlyAsync(buffer, patience.Token);
        return Encoding.ASCII.GetString(buffer) == "line\n" ? Probe.Served : "something else";
    }
}
