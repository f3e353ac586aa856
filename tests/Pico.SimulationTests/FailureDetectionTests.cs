using Pico.Simulation;

namespace Pico.SimulationTests;

/// <summary>Who is found dead, how soon, and who is not.</summary>
public sealed class FailureDetectionTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(10, 1, 20)]
    [InlineData(100, 1, 10)]
    [InlineData(1000, 1, 1)]
    [InlineData(1000, 2, 1)]
    [InlineData(1000, 3, 1)]
    [InlineData(1000, 4, 1)]
    [InlineData(1000, 5, 1)]
    public void Crash_OfAnyNode_IsKnownByAllWithinFiveSeconds(int nodes, int firstSeed, int seeds)
    {
        var worst = 0L;
        for (var seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            var cluster = new SimulatedCluster(seed) { KeepsValues = false };
            cluster.StartMany(nodes);
            var joined = cluster.RunUntil(() => cluster.Running.Count == nodes && cluster.IsConverged(), 60_000, "the cluster forms");
            cluster.RunFor(cluster.Network.Random.Next(5000));
            cluster.Crash(cluster.Running[cluster.Network.Random.Next(nodes)]);
            var took = cluster.RunUntil(cluster.IsWhole, 5000, "everybody knows of the crash");
            worst = Math.Max(worst, took);
            output.WriteLine($"{nodes} nodes, seed {seed}: formed in {joined} ms, crash known by all in {took} ms");
        }

        output.WriteLine($"{nodes} nodes: worst {worst} ms");
    }

    [Fact]
    public void Loss_OfFivePercentAmongHundredNodes_MakesNobodyDead()
    {
        var cluster = new SimulatedCluster(7) { KeepsValues = false };
        cluster.Network.Conditions = new NetworkConditions(Loss: 0.05, MaxDelay: 20);
        cluster.StartMany(100);
        cluster.RunUntil(() => cluster.Running.Count == 100 && cluster.IsConverged(), 60_000, "the cluster forms");
        cluster.RunFor(10 * 60_000);

        output.WriteLine($"suspicions {cluster.Running.Sum(n => n.Counters.Suspicions)}, refutations {cluster.Running.Sum(n => n.Counters.Refutations)}");
        Assert.Empty(cluster.FalseAlarms);
    }
}
