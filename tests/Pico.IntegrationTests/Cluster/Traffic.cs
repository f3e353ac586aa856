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
    private readonly SteadyLoad[] _loads;

    private Traffic(ReadyNodes nodes, ForwardProcess[] forwards)
    {
        (_nodes, _forwards) = (nodes, forwards);
        _clients = new Clients(nodes, forwards, Log);
        _loads =
        [
            SteadyLoad.Start(RequestsPerSecond, RequestAsync),
            SteadyLoad.Start(SessionsPerSecond, i => Log.TrackAsync("WebSockets", token => _clients.TalkAsync(Endpoint(i), token))),
            SteadyLoad.Start(SessionsPerSecond, _ => Log.TrackAsync("TCP connections", _clients.ExchangeLinesAsync)),
        ];
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
        await traffic.WaitAsync(TimeSpan.FromSeconds(3));
        return traffic;
    }

    /// <summary>Lets the traffic run for a while.</summary>
    public async Task WaitAsync(TimeSpan time)
    {
        var until = Log.Now + time;
        await Deadline.UntilAsync("traffic has run", time + TimeSpan.FromSeconds(30), () => Log.Now >= until);
    }

    /// <summary>Begins nothing more, and waits for what runs.</summary>
    public async Task StopAsync()
    {
        await Task.WhenAll(_loads.Select(load => load.StopAsync()));
        // What Log doesn't take for a failure is a mistake of the test.
        Assert.Empty(_loads.SelectMany(load => load.Failures));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _nodes.DisposeAsync();
        _clients.Dispose();
        foreach (var forward in _forwards)
            await forward.DisposeAsync();
        foreach (var load in _loads)
            await load.DisposeAsync();
    }

    private static string Endpoint(int i) => i % 2 == 0 ? "web" : "solo";

    private Task RequestAsync(int i) => (i / 2) switch
    {
        var n when n % OneInIsSlow == 0 => Log.TrackAsync("slow requests", token => _clients.RequestAsync(Endpoint(i), "/slow", token)),
        var n when n % OneInHasABody == 1 => Log.TrackAsync("posts", token => _clients.PostAsync(Endpoint(i), token)),
        _ => Log.TrackAsync("requests", token => _clients.RequestAsync(Endpoint(i), "/", token)),
    };
}
