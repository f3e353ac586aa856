using Pico.Simulation;

namespace Pico.SimulationTests;

/// <summary>How fast a change gets around.</summary>
public sealed class DisseminationTests(ITestOutputHelper output)
{
    [Fact]
    public void Change_AmongHundredNodes_ReachesAllWithinASecondInTheMedian()
    {
        var cluster = new SimulatedCluster(3) { KeepsValues = false };
        cluster.StartMany(100);
        cluster.RunUntil(() => cluster.Running.Count == 100 && cluster.IsConverged(), 60_000, "the cluster forms");
        var times = new List<long>();
        for (var i = 0; i < 50; i++)
        {
            var heard = 0;
            foreach (var node in cluster.Running)
                node.OnValue = (_, _, _) => heard++;
            var start = cluster.Network.Now;
            cluster.Running[cluster.Network.Random.Next(100)].Set($"key-{i}", "1");
            while (heard < 99)
            {
                cluster.RunFor(5);
                Assert.True(cluster.Network.Now - start < 10_000);
            }

            times.Add(cluster.Network.Now - start);
            cluster.RunFor(2000);
        }

        times.Sort();
        output.WriteLine($"all of 100: median {times[25]} ms, worst {times[^1]} ms");
        Assert.InRange(times[25], 0, 1000);
    }
}
