using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>
/// 500 exchanges a second, spread over the ready nodes, whether answers come or not: 400 HTTP requests (one in 80 of them takes a second, one in ten has a body), 5 new WebSockets and
/// 5 new TCP connections of ten exchanges each. The endpoints are <c>web</c>, <c>solo</c> (HTTP) and <c>tcp</c>.
/// </summary>
internal sealed class Traffic : IAsyncDisposable
{
    private const int RequestsPerSecond = 400;
    private const int SessionsPerSecond = 5;
    private const int OneInIsSlow = 80;
    private const int OneInHasABody = 10;

    private readonly ReadyNodes _nodes;
    private readonly ForwardProcess[] _forwards;
    private readonly Clients _clients;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private Traffic(ReadyNodes nodes, ForwardProcess[] forwards)
    {
        (_nodes, _forwards) = (nodes, forwards);
        _clients = new Clients(nodes, forwards, Log);
        _running = Task.WhenAll(
            PaceAsync(RequestsPerSecond, RequestAsync),
            PaceAsync(SessionsPerSecond, i => Log.TrackAsync("WebSockets", token => _clients.TalkAsync(Endpoint(i), token))),
            PaceAsync(SessionsPerSecond, _ => Log.TrackAsync("TCP connections", _clients.ExchangeLinesAsync)));
    }

    /// <summary>What became of it.</summary>
    public TrafficLog Log { get; } = new();

    /// <summary>What the forwarders said.</summary>
    public string ForwardLog => string.Join('\n', _forwards.Select(f => f.Process.Log));

    /// <summary>Starts the traffic, and waits until all kinds of it flow.</summary>
    public static async Task<Traffic> StartAsync(ClusterProcesses cluster)
    {
        ForwardProcess[] forwards =
        [
            await ForwardProcess.StartAsync(cluster.Any.Proxy, "tcp", cluster.Surroundings),
            await ForwardProcess.StartAsync(cluster.Any.Proxy, "tcp", cluster.Surroundings),
        ];
        var nodes = new ReadyNodes(cluster.Nodes);
        await Deadline.UntilAsync("a node is ready", TimeSpan.FromSeconds(10), () => nodes.HasAny);
        var traffic = new Traffic(nodes, forwards);
        await traffic.Log.WaitAsync(TimeSpan.FromSeconds(3));
        return traffic;
    }

    /// <summary>Begins nothing more, and waits for what runs.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _nodes.DisposeAsync();
        _clients.Dispose();
        foreach (var forward in _forwards)
            await forward.DisposeAsync();
        _stop.Dispose();
    }

    private static string Endpoint(int i) => i % 2 == 0 ? "web" : "solo";

    private Task RequestAsync(int i) => (i / 2) switch
    {
        var n when n % OneInIsSlow == 0 => Log.TrackAsync("slow requests", token => _clients.RequestAsync(Endpoint(i), "/slow", token)),
        var n when n % OneInHasABody == 1 => Log.TrackAsync("posts", token => _clients.PostAsync(Endpoint(i), token)),
        _ => Log.TrackAsync("requests", token => _clients.RequestAsync(Endpoint(i), "/", token)),
    };

    private async Task PaceAsync(int perSecond, Func<int, Task> begin)
    {
        var start = TimeProvider.System.GetTimestamp();
        var running = new List<Task>();
        for (var begun = 0; !_stop.IsCancellationRequested;)
        {
            for (; begun < TimeProvider.System.GetElapsedTime(start).TotalSeconds * perSecond; begun++)
                running.Add(begin(begun));
            running.RemoveAll(r => r.IsCompletedSuccessfully);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        await Task.WhenAll(running);
    }
}
