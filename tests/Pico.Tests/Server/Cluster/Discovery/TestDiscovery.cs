using System.Net;
using Pico.Server.Cluster.Discovery;

namespace Pico.Tests.Server.Cluster.Discovery;

/// <summary>What somebody outside knows of nodes, as a test says.</summary>
internal sealed class TestDiscovery(string instance) : INodeDiscovery
{
    private readonly TaskCompletionSource<INodeObserver> _observer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Instance => instance;

    public async Task RunAsync(INodeObserver observer, CancellationToken stop)
    {
        _observer.SetResult(observer);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async Task SeeAsync(string node, string uid, IPAddress? address = null, string zone = "") => (await _observer.Task).OnNode(Node(node, uid, address, zone));

    public async Task LoseAsync(string node, string uid) => (await _observer.Task).OnGone(Node(node, uid, null, ""));

    private static DiscoveredNode Node(string node, string uid, IPAddress? address, string zone) => new(node, uid, address is null ? [] : [address], zone, false);
}
