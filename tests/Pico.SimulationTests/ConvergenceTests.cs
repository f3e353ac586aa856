using System.Globalization;
using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Simulation;

namespace Pico.SimulationTests;

/// <summary>Values get everywhere, however much there is, whatever the network does.</summary>
public sealed class ConvergenceTests(ITestOutputHelper output)
{
    [Fact]
    public void Join_OfANodeToHundredThousandKeys_IsInSyncByOneExchange()
    {
        var cluster = new SimulatedCluster(1) { KeepsValues = false };
        cluster.StartMany(10);
        cluster.RunUntil(() => cluster.Running.Count == 10 && cluster.IsConverged(), 30_000, "the cluster forms");
        foreach (var node in cluster.Running)
        {
            for (var i = 0; i < 10_000; i++)
                node.Set("endpoint-" + i.ToString(CultureInfo.InvariantCulture), "1");
        }

        var spread = cluster.RunUntil(cluster.IsConverged, 30_000, "everybody has everything");
        var late = cluster.Start("late", SimulatedCluster.AddressOf(99), cluster.Running[0].Address);
        var joined = cluster.RunUntil(() => late.HasJoined, 5000, "the late node has joined");
        output.WriteLine($"100,000 keys spread in {spread} ms, a late node joined in {joined} ms");
        cluster.RunUntil(cluster.IsConverged, 5000, "everybody has everything");
        cluster.VerifyValues();
    }

    [Fact]
    public void ThirtyPercentLoss_AmongFiftyNodes_Converges()
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            var cluster = new SimulatedCluster(seed);
            cluster.Network.Conditions = NetworkConditions.Bad;
            cluster.StartMany(50);
            cluster.RunUntil(() => cluster.Running.Count == 50 && cluster.IsConverged(), 120_000, "the cluster forms");
            foreach (var node in cluster.Running)
                node.Set("key", node.Life.NodeId);
            output.WriteLine($"seed {seed}: {cluster.RunUntil(cluster.IsConverged, 60_000, "everybody has everything")} ms");
            cluster.VerifyValues();
        }
    }

    [Fact]
    public void Tombstones_ThatAreDropped_SendNoLiveValueAgainAndBringNoneBack()
    {
        var cluster = new SimulatedCluster(1, new CoreOptions { HasJoinTargets = true, TombstoneRetention = 30_000 });
        cluster.StartMany(5);
        cluster.RunUntil(() => cluster.Running.Count == 5 && cluster.IsConverged(), 30_000, "the cluster forms");
        var owner = cluster.Running[1];
        for (var i = 0; i < 2000; i++)
            owner.Set("endpoint-" + i.ToString(CultureInfo.InvariantCulture), "1");
        cluster.RunUntil(cluster.IsConverged, 30_000, "everybody has everything");
        var cutOff = cluster.Running[4];
        cluster.Network.SideOf = address => address.Equals(cutOff.Address) ? 1 : 0;
        for (var i = 0; i < 100; i++)
            owner.Remove("endpoint-" + i.ToString(CultureInfo.InvariantCulture));
        cluster.RunFor(5000);
        var before = cluster.Network.BytesSent;
        cluster.RunFor(60_000);

        Assert.All(cluster.Running.Where(n => n != cutOff), n => Assert.Equal(0, n.Core.Table.Find(owner.Core.Self.Tag)!.Log.Tombstones));
        // 1900 live values of some 20 bytes to each of three others would be beyond this, with what the probes take besides.
        Assert.InRange(cluster.Network.BytesSent - before, 0, 60 * 5 * 1500);
        cluster.Network.SideOf = static _ => 0;
        cluster.RunUntil(cluster.IsConverged, 10_000, "whole again");
        cluster.VerifyValues();
    }

    [Fact]
    public void SameSeed_GivesTheSameRun()
    {
        var first = new ChaosScenario(42);
        var second = new ChaosScenario(42);
        first.Run(300_000);
        second.Run(300_000);

        Assert.Equal(first.Packets, second.Packets);
    }

    [Fact]
    public void SealedPackets_CarryTheSameGossip()
    {
        var cluster = new SimulatedCluster(1) { Key = GossipKey.Create() };
        cluster.StartMany(10);
        cluster.RunUntil(() => cluster.Running.Count == 10 && cluster.IsConverged(), 30_000, "the cluster forms");
        cluster.Running[3].Set("key", "value");
        cluster.RunUntil(() => cluster.Running.All(n => n == cluster.Running[3] || n.Heard[cluster.Running[3].Life].ContainsKey("key")), 1000, "everybody has it");
    }
}
