using System.Net;
using Pico.Gossip;

namespace Pico.Tests.Server.Cluster.Discovery;

/// <summary>Real nodes on loopback that somebody outside tells of each other.</summary>
public sealed class NodeSeekerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly string Key = Convert.ToBase64String(new byte[GossipKey.Length]);

    [Fact]
    public async Task Nodes_WithNobodyToJoin_FindEachOtherByDiscoveryAlone()
    {
        var (one, two) = (new TestDiscovery("uid-0"), new TestDiscovery("uid-1"));
        await using var first = await StartAsync("node-0", one, "127.0.0.1:0");
        Assert.Equal("starting", (await first.StatusAsync()).Nodes.Single().State);
        await using var second = await StartAsync("node-1", two, $"127.0.0.2:{first.Server.ClusterAddress.Port}");

        await two.SeeAsync("node-0", "uid-0", IPAddress.Loopback);

        foreach (var node in new[] { first, second })
            await node.StatusAsync(s => s.Nodes.Count(n => n.State == "ready") == 2);
    }

    [Fact]
    public async Task Pod_ThatIsDeleted_IsADeadNodeAtOnce_AlthoughItStillAnswers_AndItDrains()
    {
        TestDiscovery[] discoveries = [new("uid-0"), new("uid-1"), new("uid-2")];
        await using var cluster = await TestCluster.StartAsync(3, options => options.Cluster.Discovery = discoveries[options.NodeId[^1] - '0']);
        await cluster[0].StatusAsync(s => s.Nodes.All(n => n.Software.Length > 0)); // each has heard what the others are

        await discoveries[0].SeeAsync("node-2", "uid-2");
        await discoveries[0].SeeAsync("node-2", "uid-new"); // the next pod of that name
        await discoveries[0].LoseAsync("node-2", "uid-2");

        foreach (var node in new[] { cluster[0], cluster[1] })
            await node.StatusAsync(s => s.Nodes.Count(n => n.State == "ready") == 2);
        await cluster[2].Server.DrainRequested.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.False(cluster[1].Server.DrainRequested.IsCompleted);
    }

    [Fact]
    public async Task Pod_OfANameThatIsGone_TakesNoOtherPodsNodeWithIt()
    {
        TestDiscovery[] discoveries = [new("uid-0"), new("uid-1")];
        await using var cluster = await TestCluster.StartAsync(2, options => options.Cluster.Discovery = discoveries[options.NodeId[^1] - '0']);

        await discoveries[0].LoseAsync("node-1", "uid-of-before");
        await discoveries[0].SeeAsync("node-1", "uid-1", zone: "b");
        await discoveries[1].SeeAsync("node-1", "uid-1", zone: "b"); // goes the same way, after it

        await cluster[0].StatusAsync(s => s.Nodes.Any(n => n is { Id: "node-1", Zone: "b", State: "ready" }));
        Assert.False(cluster[1].Server.DrainRequested.IsCompleted);
    }

    [Fact]
    public async Task Zone_OfTheNodesOwnPod_IsTold_ButNeverOverrulesTheOption()
    {
        TestDiscovery[] discoveries = [new("uid-0"), new("uid-1")];
        await using var cluster = await TestCluster.StartAsync(2, options =>
        {
            options.Cluster.Discovery = discoveries[options.NodeId[^1] - '0'];
            options.Cluster.Zone = options.NodeId == "node-1" ? "given" : "";
        });

        foreach (var discovery in discoveries)
        {
            await discovery.SeeAsync("node-0", "uid-0", zone: "a");
            await discovery.SeeAsync("node-1", "uid-1", zone: "b");
        }

        var status = await cluster[1].StatusAsync(s => s.Nodes.Any(n => n.Zone == "a"));
        Assert.Equal([("node-0", "a"), ("node-1", "given")], status.Nodes.Select(n => (n.Id, n.Zone)).Order());
    }

    private static Task<TestServer> StartAsync(string id, TestDiscovery discovery, string bind) => TestServer.StartAsync(options =>
    {
        options.NodeId = id;
        options.Cluster.BindAddress = bind;
        options.Cluster.Key = Key;
        options.Cluster.JoinTimeout = TimeSpan.FromMinutes(1);
        options.Cluster.Discovery = discovery;
    });
}
