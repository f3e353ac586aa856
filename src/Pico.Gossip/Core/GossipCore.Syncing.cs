using Pico.Gossip.Membership;
using Pico.Gossip.State;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>Exchanges of state over connections: what <see cref="SyncConversation"/> needs of the core.</summary>
internal sealed partial class GossipCore
{
    /// <summary>Begins the exchange on a connection.</summary>
    public SyncConversation OpenSync(bool isCaller) => new(this, isCaller);

    /// <summary>An exchange that <see cref="IGossipOutput.Synchronize"/> asked for has ended.</summary>
    public void SyncEnded(long now, bool complete)
    {
        _now = Math.Max(_now, now);
        _syncs--;
        if (complete && !_joined)
            JoinAfterMeeting();
    }

    internal void HearSynced(long now, ref PayloadReader updates)
    {
        _now = Math.Max(_now, now);
        _notices.Clear(); // there is no packet to answer
        HearUpdates(ref updates, speaker: 0);
    }

    internal void HearSyncedDelta(ref PayloadReader body) => HearDelta(ref body);

    internal void HearSyncedRebuild(Peer peer, KeyValueLog log)
    {
        if (peer.IsUp || peer.IsIntroduced)
            Replace(peer, log);
    }
}
