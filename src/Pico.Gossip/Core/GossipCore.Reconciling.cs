using System.Numerics;
using Pico.Gossip.Membership;
using Pico.Gossip.State;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>
/// What others have, and this node doesn't (scuttlebutt). Two ways lead there:
/// <code>
///   news      a change makes its owner's version hot: for some rounds everybody who has it tells three others the version (Digest); who is older asks for the changes (Pull, Delta)
///   the rest  pings and their answers carry a hash of everything; who sees another one sends its hash of each bucket (Summary), and gets the versions in those that differ (Digest)
/// </code>
/// Changes travel on request only, so each reaches a node about once, however many tell of it. More than fits some packets goes by TCP.
/// </summary>
internal sealed partial class GossipCore
{
    private const int Fanout = 3;
    private const int MaxHotPerRound = 90;
    private const int FirstGossipDelay = 20;
    private const int PullPatience = 80;
    private const int CompareInterval = 1000;
    private const int MaxDeltaPackets = 8;
    private const int DigestEntry = 8 + 5 + PayloadWriter.MaxVarInt;
    private const int DigestHead = PayloadWriter.SectionOverhead + 1 + sizeof(ulong);
    private const int MaxSyncs = 2;

    private readonly List<Peer> _hot = [];
    private long _gossipAt;
    private long _gossipedAt = long.MinValue / 2;
    private long _compareAt;
    private int _hotTurn;
    private int _syncs;
    private long _syncAt;

    /// <summary>Something is new: it is told soon, together with what else is new by then.</summary>
    private void ScheduleGossip() => _gossipAt = Math.Min(_gossipAt, Math.Max(_now + FirstGossipDelay, _gossipedAt + _options.GossipInterval));

    private void VersionAdvanced(Peer peer)
    {
        if (!peer.IsUp)
            return;
        _table.Rehash(peer);
        if (peer.HotRounds == 0)
            _hot.Add(peer);
        peer.HotRounds = 3 + BitOperations.Log2((uint)_table.Up.Count);
        ScheduleGossip();
    }

    private void Gossip()
    {
        _gossipedAt = _now;
        _hot.RemoveAll(p => p.HotRounds <= 0 || !p.IsUp);
        var told = HotOfThisRound();
        Span<byte> buffer = stackalloc byte[MaxPayload];
        foreach (var peer in RandomUp(Fanout, except: null))
        {
            if (told.Count == 0 && _broadcasts.IsEmpty)
                break;
            var writer = Open(buffer);
            WriteDigest(ref writer, told);
            Send(peer.Record.Address, peer.Tag, ref writer);
        }

        foreach (var peer in told)
            peer.HotRounds--;
        _hot.RemoveAll(p => p.HotRounds <= 0);
        _gossipAt = Never;
        if (_hot.Count > 0 || !_broadcasts.IsEmpty)
            ScheduleGossip();
    }

    private List<Peer> HotOfThisRound()
    {
        if (_hot.Count <= MaxHotPerRound)
            return [.. _hot];
        var told = new List<Peer>(MaxHotPerRound);
        for (var i = 0; i < MaxHotPerRound; i++)
            told.Add(_hot[(_hotTurn + i) % _hot.Count]);
        _hotTurn = (_hotTurn + MaxHotPerRound) % _hot.Count;
        return told;
    }

    private static void WriteDigest(ref PayloadWriter writer, List<Peer> peers)
    {
        if (peers.Count == 0 || writer.Room < DigestHead + DigestEntry)
            return;
        writer.Begin(Section.Digest);
        writer.Byte(0);
        writer.UInt64(0);
        foreach (var peer in peers)
        {
            if (writer.Room >= DigestEntry)
                WriteDigestEntry(ref writer, peer);
        }

        writer.End();
    }

    internal static void WriteDigestEntry(ref PayloadWriter writer, Peer peer)
    {
        writer.UInt64(peer.Tag);
        writer.VarInt(peer.Incarnation);
        writer.VarInt((ulong)peer.Log.Version);
    }

    /// <summary>Somebody says which versions it has: asks for what is newer there, offers what is newer here.</summary>
    private void HearDigest(ref PayloadReader body)
    {
        body.Byte();
        var complete = body.UInt64();
        var named = complete == 0 ? null : new HashSet<ulong>();
        while (body.HasMore)
        {
            var tag = body.UInt64();
            var incarnation = body.VarUInt32();
            var version = body.VarInt();
            if (body.IsBad)
                return;
            named?.Add(tag);
            HearVersion(tag, incarnation, version);
        }

        for (; complete != 0; complete &= complete - 1)
        {
            var (from, to) = _table.BucketRange(BitOperations.TrailingZeroCount(complete));
            for (var i = from; i < to; i++)
            {
                if (!named!.Contains(_table.Up[i].Tag))
                    Offer(_table.Up[i]);
            }
        }
    }

    private void HearVersion(ulong tag, uint incarnation, long version)
    {
        if (_table.Find(tag) is not { } peer)
        {
            if (_graves.Find(tag) is { } grave && (grave.IsFinal || incarnation <= grave.Incarnation))
                Notice(grave.End, tag, grave.Incarnation);
            else if (_introductions.Find(tag) is null)
                Want(tag);
            return;
        }

        HearIncarnation(peer, incarnation);
        if (!peer.IsUp)
            return;
        if (version < peer.Log.Version || incarnation < peer.Incarnation)
            Offer(peer);
        else if (version > peer.Log.Version && peer != Self)
            Pull(peer);
    }

    private void Offer(Peer peer)
    {
        if (_offers.Count < MaxAnswers)
            _offers.Add(peer);
    }

    private void Pull(Peer peer)
    {
        if (_now < peer.PullingUntil || _pulls.Count >= MaxAnswers)
            return;
        peer.PullingUntil = _now + PullPatience;
        _pulls.Add((peer.Tag, peer.Log.Version));
    }

    private void WritePulls(ref PayloadWriter writer)
    {
        const int Entry = sizeof(ulong) + PayloadWriter.MaxVarInt;
        if (_pulls.Count == 0 || writer.Room < PayloadWriter.SectionOverhead + Entry)
            return;
        writer.Begin(Section.Pull);
        foreach (var (tag, version) in _pulls)
        {
            if (writer.Room < Entry)
                break;
            writer.UInt64(tag);
            writer.VarInt((ulong)version);
        }

        writer.End();
    }

    /// <summary>Somebody asks for changes: sends what some packets hold, and says so if that is not all.</summary>
    private void HearPull(ref PayloadReader body, Peer asker)
    {
        Span<byte> buffer = stackalloc byte[MaxPayload];
        var writer = Open(buffer);
        var head = writer.Length;
        var packets = 0;
        var more = false;
        while (body.HasMore)
        {
            var tag = body.UInt64();
            var version = body.VarInt();
            if (body.IsBad || _table.Find(tag) is not { } peer || version >= peer.Log.Version)
                continue;
            var rebuild = version < peer.Log.Horizon;
            for (var isLast = false; !isLast && packets < MaxDeltaPackets;)
            {
                var before = writer.Length;
                var reached = DeltaCodec.Write(ref writer, peer.Tag, peer.Log, rebuild ? 0 : version, rebuild, out isLast);
                if (isLast)
                    break;
                if (rebuild && before == head)
                {
                    // A rebuild is one piece, or goes by TCP.
                    writer.Rewind(before);
                    more = true;
                    break;
                }

                if (rebuild)
                    writer.Rewind(before);
                else
                    version = reached;
                packets++;
                _output.Send(asker.Record.Address, asker.Tag, writer.Written);
                writer.Rewind(head);
            }

            more |= packets >= MaxDeltaPackets;
        }

        if (more && writer.Room >= PayloadWriter.SectionOverhead + 1)
        {
            writer.Begin(Section.More);
            writer.Byte(0);
            writer.End();
        }

        if (writer.Length > head)
            Send(asker.Record.Address, asker.Tag, ref writer);
    }

    private void HearDelta(ref PayloadReader body)
    {
        var head = DeltaCodec.ReadHead(ref body);
        if (body.IsBad || OwnerOf(head.Tag) is not { } peer || head.To <= peer.Log.Version)
            return;
        if (head.IsRebuild)
        {
            if (head is { From: 0, IsLast: true } && DeltaApplier.Collect(ref body, new KeyValueLog(), head) is { } rebuilt)
                Replace(peer, rebuilt);
            return;
        }

        if (head.From > peer.Log.Version || peer.Log.Version < head.Horizon)
            return; // a gap: the next comparison closes it
        if (DeltaApplier.Apply(ref body, peer, head, peer.IsUp ? _output : null))
        {
            peer.PullingUntil = 0;
            VersionAdvanced(peer);
        }
    }

    /// <summary>The other life whose values are taken: it is up, or may be by the time that they have come.</summary>
    internal Peer? OwnerOf(ulong tag) => (_table.Find(tag) ?? _introductions.Find(tag)) is { } peer && peer != Self && (peer.IsUp || peer.IsIntroduced) ? peer : null;

    private void Replace(Peer peer, KeyValueLog rebuilt)
    {
        if (rebuilt.Version <= peer.Log.Version)
            return;
        var old = peer.Log;
        peer.Log = rebuilt;
        if (peer.IsUp)
            DeltaApplier.Compare(peer.Member, old, rebuilt, _output);
        peer.PullingUntil = 0;
        VersionAdvanced(peer);
    }

    /// <summary>A ping or its answer told the hash of all that the other knows.</summary>
    private void Compare(Peer peer, ulong hash)
    {
        if (hash == _table.Hash)
        {
            BeJoined();
            return;
        }

        if (_now < _compareAt)
            return;
        _compareAt = _now + CompareInterval + _random.Next(CompareInterval / 5);
        Span<byte> buffer = stackalloc byte[MaxPayload];
        var writer = Open(buffer);
        writer.Begin(Section.Summary);
        for (var bucket = 0; bucket < MemberTable.BucketCount; bucket++)
            writer.UInt32(_table.BucketHash(bucket));
        writer.End();
        Send(peer.Record.Address, peer.Tag, ref writer);
    }

    /// <summary>Lists what is in the buckets that differ, as many as fit, beginning anywhere.</summary>
    private void HearSummary(ref PayloadReader body, Peer asker)
    {
        Span<uint> hashes = stackalloc uint[MemberTable.BucketCount];
        foreach (ref var hash in hashes)
            hash = body.UInt32();
        if (body.IsBad)
            return;
        Span<byte> buffer = stackalloc byte[MaxPayload];
        var writer = Open(buffer);
        writer.Begin(Section.Digest);
        writer.Byte(0);
        var complete = 0UL;
        var mask = writer.Length;
        writer.UInt64(0);
        var first = _random.Next(MemberTable.BucketCount);
        for (var i = 0; i < MemberTable.BucketCount && writer.Room >= DigestEntry; i++)
        {
            var bucket = (first + i) % MemberTable.BucketCount;
            if (_table.BucketHash(bucket) == hashes[bucket])
                continue;
            var (from, to) = _table.BucketRange(bucket);
            for (; from < to && writer.Room >= DigestEntry; from++)
                WriteDigestEntry(ref writer, _table.Up[from]);
            if (from == to)
                complete |= 1UL << bucket;
        }

        writer.Patch(mask, complete);
        writer.End();
        if (complete != 0)
            _output.Send(asker.Record.Address, asker.Tag, writer.Written);
    }

    private void RequestSync(Peer peer)
    {
        if (_syncs >= MaxSyncs || _now < _syncAt || _isLeaving)
            return;
        _syncs++;
        _syncAt = _now + 500 + _random.Next(500);
        _output.Synchronize(peer.Record.Address, peer.Tag);
    }
}
