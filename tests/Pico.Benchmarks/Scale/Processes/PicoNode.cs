using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Scale.Processes;

/// <summary>One published server process on loopback, with its defaults, and what it says of itself.</summary>
internal sealed class PicoNode : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private readonly Func<ManagedProcess> _start;
    private ManagedProcess _process;

    private PicoNode(string name, string executable, NodePorts ports, IEnumerable<string> more, TimeProvider time)
    {
        Name = name;
        Ports = ports;
        _time = time;
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports.Admin}"), Timeout = TimeSpan.FromSeconds(10) };
        string[] arguments =
        [
            "server",
            "--proxy.bind-addr", $"127.0.0.1:{ports.Proxy}",
            "--upstream.bind-addr", $"127.0.0.1:{ports.Upstream}",
            "--admin.bind-addr", $"127.0.0.1:{ports.Admin}",
            "--node-id", name,
            .. more,
        ];
        _start = () => new ManagedProcess(name, executable, arguments, time);
        _process = _start();
    }

    public string Name { get; }

    public NodePorts Ports { get; }

    /// <summary>Where agents connect to.</summary>
    public string TunnelUrl => $"ws://127.0.0.1:{Ports.Upstream}";

    /// <summary>Starts it and waits until it is ready. The caller ends it.</summary>
    public static async Task<PicoNode> StartAsync(
        string name, string executable, NodePorts ports, IEnumerable<string> more, TimeProvider time, CancellationToken cancellation)
    {
        var node = new PicoNode(name, executable, ports, more, time);
        try
        {
            await node.WaitUntilReadyAsync(cancellation);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>CPU and memory so far.</summary>
    public ProcessUsage ReadUsage() => ProcessUsage.Read(_process.Id);

    /// <summary>Ends it as a crash does.</summary>
    public ValueTask KillAsync() => _process.KillAsync();

    /// <summary>Starts it again where it was.</summary>
    public Task RestartAsync(CancellationToken cancellation)
    {
        _process = _start();
        return WaitUntilReadyAsync(cancellation);
    }

    /// <summary>The sum of a metric's series; 0 if there is none.</summary>
    public async Task<double> ReadMetricAsync(string name, CancellationToken cancellation) =>
        MetricsPage.Sum(await _client.GetStringAsync("/metrics", cancellation), name) ?? 0;

    /// <summary>Waits until a metric has at least that value; throws with what it had if that takes longer than <paramref name="patience"/>.</summary>
    public async Task WaitForMetricAsync(string name, double value, TimeSpan patience, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        var last = double.NaN;
        while ((last = await ReadMetricAsync(name, cancellation)) < value)
        {
            _process.ThrowIfExited();
            if (_time.GetElapsedTime(start) > patience)
                throw new BenchmarkException($"{Name} has {name} {last:N0} after {patience.TotalSeconds:N0} s, not {value:N0}.\n{_process.LastLines()}");
            await Task.Delay(PollInterval, _time, cancellation);
        }
    }

    /// <summary>Throws, with its last words, if it is not running any more.</summary>
    public void ThrowIfExited() => _process.ThrowIfExited();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.KillAsync();
        await _process.DisposeAsync();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        while (!await IsReadyAsync(either.Token))
        {
            _process.ThrowIfExited();
            cancellation.ThrowIfCancellationRequested();
            if (timeout.IsCancellationRequested)
                throw new BenchmarkException($"{Name} is not ready after a minute.\n{_process.LastLines()}");
            await Task.Delay(PollInterval, _time, CancellationToken.None);
        }
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await _client.GetAsync("/ready", cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>Where a node listens.</summary>
internal sealed record NodePorts(int Proxy, int Upstream, int Admin, int Gossip)
{
    /// <summary>Ports that nobody uses, for so many nodes.</summary>
    public static NodePorts[] Take(int nodes) => [.. FreePort.Take(4 * nodes).Chunk(4).Select(four => new NodePorts(four[0], four[1], four[2], four[3]))];
}
