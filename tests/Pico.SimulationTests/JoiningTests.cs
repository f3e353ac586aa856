using Pico.Simulation;

namespace Pico.SimulationTests;

/// <summary>Who comes to know whom, how soon, and by whose word.</summary>
public sealed class JoiningTests(ITestOutputHelper output)
{
    private const int Nodes = 20;

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public void Nodes_ThatStartWithinASecond_AreOneClusterTwoSecondsLater(int nodes)
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var cluster = new SimulatedCluster(seed) { KeepsValues = false };
            cluster.StartMany(nodes);
            var formed = cluster.RunUntil(() => cluster.Running.Count == nodes && cluster.IsConverged(), 3000, "the cluster forms");
            output.WriteLine($"{nodes} nodes, seed {seed}: formed in {formed} ms");
            cluster.RunUntil(() => cluster.Running.All(n => n.HasJoined), 1000, "everybody knows that it has joined");
        }
    }

    [Fact]
    public void Node_ThatJoinsBeforeACrashIsNoticed_NeverTakesTheDeadForLiving()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var cluster = Form(seed);
            var dead = cluster.Running[cluster.Network.Random.Next(1, Nodes)];
            cluster.Crash(dead);
            cluster.RunFor(50);
            Assert.All(cluster.Running, node => Assert.True(node.Heard.ContainsKey(dead.Life)));
            var late = cluster.Start("late", SimulatedCluster.AddressOf(99), cluster.Running[0].Address);
            for (var time = 0; time < 10_000; time += 5)
            {
                cluster.RunFor(5);
                Assert.False(late.Heard.ContainsKey(dead.Life), $"seed {seed}: {dead.Life} came up after {time} ms");
                Assert.True(time < 3000 || late.HasJoined, $"seed {seed}: not joined after 3 s");
            }

            Assert.True(cluster.IsConverged());
        }
    }

    [Fact]
    public void Nodes_ThatReachEachOtherThroughOthersOnly_AreMembersOfEachOther()
    {
        var (one, other) = (SimulatedCluster.AddressOf(98), SimulatedCluster.AddressOf(99));
        for (var seed = 1; seed <= 5; seed++)
        {
            var cluster = Form(seed);
            cluster.Network.IsCut = (from, to) => (from.Equals(one) && to.Equals(other)) || (from.Equals(other) && to.Equals(one));
            cluster.Start("one", one, cluster.Running[0].Address);
            cluster.Start("other", other, cluster.Running[1].Address);

            output.WriteLine($"seed {seed}: {cluster.RunUntil(cluster.IsConverged, 5000, "everybody knows everybody")} ms");
            cluster.RunFor(60_000);
            Assert.Empty(cluster.FalseAlarms);
        }
    }

    private static SimulatedCluster Form(int seed)
    {
        var cluster = new SimulatedCluster(seed);
        cluster.StartMany(Nodes);
        cluster.RunUntil(() => cluster.Running.Count == Nodes && cluster.IsConverged(), 30_000, "the cluster forms");
        return cluster;
    }
}
