using System.Net;
using System.Threading.Channels;
using Pico.Server.Cluster.Discovery;

namespace Pico.Tests.Server.Cluster.Discovery;

/// <summary>What somebody outside knows of nodes, as a test says.</summary>
internal sealed class TestDiscovery(string instance) : INodeDiscovery
{
    private readonly TaskCompletionSource<INodeObserver> _observer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Channel<string> _evictions = Channel.CreateUnbounded<string>();

    public string Instance => instance;

    public bool Evicts { get; set; } = true;

    /// <summary>What is said to who asks for an eviction; null: it throws.</summary>
    public Func<bool?> MayEvict { get; set; } = static () => true;

    /// <summary>The places whose eviction was asked for.</summary>
    public ChannelReader<string> Evictions => _evictions.Reader;

    public Task<bool> EvictAsync(DiscoveredNode node, CancellationToken cancellationToken)
    {
        _evictions.Writer.TryWrite(node.Instance);
        return MayEvict() is { } may ? Task.FromResult(may) : Task.FromException<bool>(new IOException("away"));
    }

    public async Task RunAsync(INodeObserver observer, CancellationToken stop)
    {
        _observer.SetResult(observer);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async Task SeeAsync(string node, string uid, IPAddress? address = null, string zone = "") => (await _observer.Task).OnNode(Node(node, uid, address, zone));

    public async Task LoseAsync(string node, string uid) => (await _observer.Task).OnGone(Node(node, uid, null, ""));

    private static DiscoveredNode Node(string node, string uid, IPAddress? address, string zone) => new(node, uid, address is null ? [] : [address], zone, false);
}
