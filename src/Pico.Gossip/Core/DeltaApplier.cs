using Pico.Gossip.Membership;
using Pico.Gossip.State;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>Brings received changes into logs, and tells what they changed.</summary>
internal static class DeltaApplier
{
    /// <summary>Applies changes that follow on what the member's log has, those that it has already left out; tells of them if there is an output. True if anything was new.</summary>
    public static bool Apply(ref PayloadReader body, Peer peer, DeltaHead head, IGossipOutput? output)
    {
        var log = peer.Log;
        var known = log.Version;
        var version = head.From;
        while (DeltaCodec.ReadEntry(ref body, ref version, out var key, out var value, out var isRemoved) && version <= head.To)
        {
            if (version <= log.Version)
                continue;
            if (isRemoved)
            {
                var existed = log.Contains(key);
                log.Remove(version, key);
                if (existed)
                    output?.ValueRemoved(peer.Member, key);
            }
            else if (log.Count < GossipNode.MaxKeys || log.Contains(key))
            {
                log.Set(version, key, value);
                output?.ValueSet(peer.Member, key, value);
            }
        }

        if (!body.IsBad)
        {
            log.AdvanceTo(head.To);
            if (head.Horizon <= log.Version)
                log.DropTombstones(head.Horizon);
        }

        return log.Version > known;
    }

    /// <summary>Adds changes to a log that is being built anew, and tells nothing. Null if the input is malformed.</summary>
    public static KeyValueLog? Collect(ref PayloadReader body, KeyValueLog log, DeltaHead head)
    {
        var version = head.From;
        while (DeltaCodec.ReadEntry(ref body, ref version, out var key, out var value, out var isRemoved) && version <= head.To)
        {
            if (isRemoved)
                log.Remove(version, key);
            else if (log.Count < GossipNode.MaxKeys)
                log.Set(version, key, value);
        }

        if (body.IsBad)
            return null;
        log.AdvanceTo(head.To);
        if (head.IsLast)
            log.DropTombstones(head.Horizon);
        return log;
    }

    /// <summary>Tells how a member's values differ from what they were.</summary>
    public static void Compare(Member member, KeyValueLog old, KeyValueLog now, IGossipOutput output)
    {
        for (var i = 0; i < old.Length; i++)
        {
            if (old.IsLive(i) && !now.Contains(old.Key(i)))
                output.ValueRemoved(member, old.Key(i));
        }

        for (var i = 0; i < now.Length; i++)
        {
            if (now.IsLive(i) && !(old.TryGet(now.Key(i), out var value) && value.SequenceEqual(now.Value(i))))
                output.ValueSet(member, now.Key(i), now.Value(i));
        }
    }
}
