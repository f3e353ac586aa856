using Pico.Gossip;
using Pico.Server.Hosting;

namespace Pico.Tests.Server.Cluster;

/// <summary>Real nodes in this process, on loopback, with gossip and links between them.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly List<TestServer> _nodes = [];

    public TestServer this[int index] => _nodes[index];

    /// <summary>Starts <paramref name="count"/> nodes, <c>node-0</c> and so on, and waits until each is ready and knows the others.</summary>
    public static async Task<TestCluster> StartAsync(int count, Action<ServerOptions>? configure = null)
    {
        var cluster = new TestCluster();
        var key = Convert.ToBase64String(new byte[GossipKey.Length]);
        for (var i = 0; i < count; i++)
        {
            var (id, join) = ($"node-{i}", i == 0 ? "127.0.0.1" : cluster[0].Server.ClusterAddress.ToString());
            cluster._nodes.Add(await TestServer.StartAsync(options =>
            {
                options.NodeId = id;
                options.Cluster.BindAddress = "127.0.0.1:0";
                options.Cluster.Join = [join];
                options.Cluster.JoinTimeout = TimeSpan.FromMilliseconds(300);
                options.Cluster.Key = key;
                configure?.Invoke(options);
            }));
        }

        foreach (var node in cluster._nodes)
            await node.StatusAsync(s => s.Nodes.Count(n => n.State == "ready") == count);
        return cluster;
    }

    /// <summary>Waits until every node but those left out knows so many upstreams of an endpoint.</summary>
    public async Task KnowAsync(string endpoint, int upstreams, params int[] leftOut)
    {
        for (var i = 0; i < _nodes.Count; i++)
        {
            if (!leftOut.Contains(i))
                await _nodes[i].StatusAsync(s => (s.Endpoints.FirstOrDefault(e => e.Id == endpoint)?.Upstreams.Sum(u => u.Count) ?? 0) == upstreams);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }
}
