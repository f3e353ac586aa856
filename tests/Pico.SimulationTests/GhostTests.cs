using Pico.Gossip;
using Pico.Simulation;

namespace Pico.SimulationTests;

/// <summary>Lives that are over stay so, and those that were only cut off come back. The cluster itself throws when a life that is over comes up.</summary>
public sealed class GhostTests
{
    private const int Nodes = 20;

    [Fact]
    public void Partition_OfTenMinutesWithKilledNodesOnBothSides_HealsWithoutThem()
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var cluster = Form(seed);
            cluster.Network.SideOf = address => address.Address.GetAddressBytes()[3] % 2;
            cluster.RunFor(20_000);
            Assert.All(cluster.Running, node => Assert.Equal((Nodes / 2) - 1, node.Heard.Count));
            cluster.Crash(cluster.Running[2]);
            cluster.Crash(cluster.Running[3]);
            cluster.Running[0].Set("while-apart", "1");
            cluster.RunFor(10 * 60_000);
            cluster.Network.SideOf = static _ => 0;

            cluster.RunUntil(cluster.IsConverged, 10_000, "whole again");
            cluster.RunFor(60_000);
            Assert.True(cluster.IsConverged());
            cluster.VerifyValues();
        }
    }

    [Fact]
    public void Healing_OfAPartition_TakesNobodyDownOnceMore()
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var cluster = Form(seed);
            cluster.Network.SideOf = address => address.Address.GetAddressBytes()[3] % 2;
            cluster.RunFor(60_000);
            cluster.Network.SideOf = static _ => 0;
            cluster.OnDown = (node, life, _) => throw new SimulationException($"seed {seed}: {life} went down at {node.Life} though the partition has healed");

            cluster.RunUntil(cluster.IsConverged, 10_000, "whole again");
            cluster.RunFor(60_000);
        }
    }

    [Fact]
    public void Address_TakenOverByAnotherNode_DoesNotKeepTheFirstAlive()
    {
        var cluster = Form(1);
        var gone = cluster.Running[5];
        cluster.Crash(gone);
        cluster.Start("another", gone.Address, cluster.Running[0].Address);

        cluster.RunUntil(cluster.IsWhole, 5000, "the first is down, the other up");
        cluster.RunFor(60_000);
        Assert.True(cluster.IsConverged());
    }

    [Fact]
    public void Restart_WithinASecond_ReplacesTheLifeAtOnce()
    {
        var cluster = Form(1);
        var old = cluster.Running[5];
        old.Set("only-the-old-life", "1");
        cluster.RunFor(2000);
        var reasons = new List<MemberDownReason>();
        cluster.OnDown = (_, life, reason) => reasons.Add(reason);
        cluster.Crash(old);
        cluster.RunFor(500);
        cluster.Start(old.Life.NodeId, old.Address, cluster.Running[0].Address).Set("new", "1");

        cluster.RunUntil(cluster.IsConverged, 3000, "the new life is up everywhere");
        Assert.All(reasons, reason => Assert.Equal(MemberDownReason.Replaced, reason));
        cluster.VerifyValues();
    }

    [Fact]
    public void Leave_OfANode_IsKnownByAllWithinASecond()
    {
        var cluster = Form(1);
        cluster.Leave(cluster.Running[7]);

        cluster.RunUntil(cluster.IsWhole, 1000, "everybody knows");
        cluster.RunFor(60_000);
        Assert.True(cluster.IsConverged());
    }

    [Fact]
    public void DeclaredDead_NodeThatStillRuns_IsDownEverywhereAndIsExpelled()
    {
        var cluster = Form(1);
        var deleted = cluster.Running[7];
        cluster.Running[0].DeclareDead(deleted.Life);

        cluster.RunUntil(() => cluster.Running.All(n => n == deleted || !n.Heard.ContainsKey(deleted.Life)) && deleted.ExpelledFor is not null, 1000, "everybody knows, itself too");
        cluster.RunFor(60_000);
        Assert.All(cluster.Running, node => Assert.False(node != deleted && node.Heard.ContainsKey(deleted.Life)));
    }

    [Fact]
    public void Frozen_NodeOfAnHour_ComesBackWithTheSameLifeAndAccusesNobody()
    {
        var cluster = Form(1);
        var frozen = cluster.Running[4];
        frozen.IsFrozen = true;
        cluster.RunFor(3_600_000);
        Assert.All(cluster.Running, node => Assert.False(node.Heard.ContainsKey(frozen.Life)));
        cluster.FalseAlarms.Clear();
        frozen.Thaw();

        cluster.RunUntil(cluster.IsConverged, 10_000, "it is back");
        Assert.Empty(cluster.FalseAlarms);
    }

    private static SimulatedCluster Form(int seed)
    {
        var cluster = new SimulatedCluster(seed);
        cluster.StartMany(Nodes);
        cluster.RunUntil(() => cluster.Running.Count == Nodes && cluster.IsConverged(), 30_000, "the cluster forms");
        return cluster;
    }
}
