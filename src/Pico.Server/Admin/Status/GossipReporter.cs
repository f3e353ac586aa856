using Pico.Gossip;
using Pico.Server.Cluster;

namespace Pico.Server.Admin.Status;

/// <summary>Tells of the gossip.</summary>
internal sealed class GossipReporter(ICluster cluster)
{
    /// <summary>Null without a cluster.</summary>
    public GossipStatus? Report()
    {
        if (cluster.Gossip is not { } gossip)
            return null;
        var counters = gossip.Counters;
        return new GossipStatus
        {
            Address = gossip.Self.Address.ToString(),
            Start = StartOf(gossip.Self),
            IsJoined = gossip.Joined.IsCompletedSuccessfully,
            PacketsReceived = counters.PacketsReceived,
            PacketsSent = counters.PacketsSent,
            BytesReceived = counters.BytesReceived,
            BytesSent = counters.BytesSent,
            Syncs = counters.Syncs,
            SyncsFailed = counters.SyncsFailed,
            Suspicions = counters.Suspicions,
            Refutations = counters.Refutations,
            Members = [Describe(gossip.Self), .. gossip.Members.OrderBy(m => m.Life.NodeId, StringComparer.Ordinal).ThenBy(m => m.Life.Start).Select(Describe)],
        };
    }

    private static GossipMemberStatus Describe(Member member) => new(
        member.Life.NodeId, StartOf(member), member.Address.ToString(), member.State.ToString().ToLowerInvariant(), member.Count);

    private static DateTimeOffset StartOf(Member member) => DateTimeOffset.FromUnixTimeMilliseconds(member.Life.Start);
}
