using Pico.Gossip.Membership;
using Pico.Gossip.State;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>
/// One exchange of everything over a connection, in turns, so that neither side writes while the other does:
/// <code>
///   caller  ── own record, versions that it has ──────────────▶  callee
///   caller  ◀─ records and changes that it lacks, versions ───  callee
///   caller  ── records and changes that the callee lacks ─────▶  callee
/// </code>
/// Frames go out by <see cref="TryWrite"/> and come in by <see cref="Receive"/>, each under the core's gate; a frame has sections as a packet has.
/// </summary>
internal sealed class SyncConversation
{
    /// <summary>What a frame has at the most.</summary>
    public const int MaxFrame = 32 * 1024;

    private readonly GossipCore _core;
    private readonly Dictionary<ulong, (uint Incarnation, long Version)> _theirs = [];
    private readonly bool _isCaller;
    private readonly Queue<Peer> _digest = new();
    private readonly Queue<Peer> _records = new();
    private readonly Queue<Outgoing> _changes = new();
    private Outgoing? _current;
    private (Peer Peer, KeyValueLog Log)? _rebuilding;
    private int _turn;

    internal SyncConversation(GossipCore core, bool isCaller)
    {
        _core = core;
        _isCaller = isCaller;
        if (isCaller)
        {
            _records.Enqueue(core.Self);
            foreach (var peer in core.Table.Up)
                _digest.Enqueue(peer);
        }
    }

    /// <summary>Both sides have said everything.</summary>
    public bool IsComplete => _turn == 3;

    /// <summary>The other side sent something that can't be.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>It is this side's turn to write.</summary>
    public bool IsWriting => !IsBroken && !IsComplete && (_turn % 2 == 0) == _isCaller;

    /// <summary>Writes the next frame of this side's turn. Gives its length, 0 if it is not its turn.</summary>
    public int TryWrite(Span<byte> frame)
    {
        if (!IsWriting)
            return 0;
        var writer = new PayloadWriter(frame[..Math.Min(frame.Length, MaxFrame)]);
        WriteRecords(ref writer);
        WriteDigest(ref writer);
        var isDone = _records.Count == 0 && _digest.Count == 0 && WriteChanges(ref writer);
        if (isDone && writer.Room > PayloadWriter.SectionOverhead)
        {
            writer.Begin(Section.EndOfTurn);
            writer.Byte(0);
            writer.End();
            _turn++;
        }

        return writer.Length;
    }

    /// <summary>Takes a frame of the other side's turn.</summary>
    public void Receive(long now, ReadOnlySpan<byte> frame)
    {
        if (IsWriting || IsComplete)
            IsBroken = true;
        var reader = new PayloadReader(frame);
        while (!IsBroken && reader.Next(out var section, out var body))
        {
            if (section == Section.Updates)
                _core.HearSynced(now, ref body);
            else if (section == Section.Digest)
                HearDigest(ref body);
            else if (section == Section.Delta)
                HearDelta(ref body);
            else if (section == Section.EndOfTurn)
                EndTurn();
        }

        IsBroken |= reader.IsBad;
    }

    private void EndTurn()
    {
        _turn++;
        if (IsComplete)
            return;

        // What they lack is what this side has of each life beyond the version that they named.
        foreach (var peer in _core.Table.Up)
        {
            var isKnown = _theirs.TryGetValue(peer.Tag, out var their);
            if (!isKnown || their.Incarnation < peer.Incarnation)
                _records.Enqueue(peer);
            if (their.Version < peer.Log.Version)
                _changes.Enqueue(new Outgoing(peer, their.Version));
            if (!_isCaller)
                _digest.Enqueue(peer);
        }
    }

    private void WriteRecords(ref PayloadWriter writer)
    {
        if (_records.Count == 0)
            return;
        writer.Begin(Section.Updates);
        while (writer.Room >= MemberUpdate.MaxLong && _records.TryDequeue(out var peer))
            MemberUpdate.Write(ref writer, UpdateKind.Alive, peer.Record, peer.Incarnation);
        writer.End();
    }

    private void WriteDigest(ref PayloadWriter writer)
    {
        const int Entry = 8 + 5 + PayloadWriter.MaxVarInt;
        if (_digest.Count == 0 || writer.Room < 64)
            return;
        writer.Begin(Section.Digest);
        writer.Byte(0);
        writer.UInt64(0);
        while (writer.Room >= Entry && _digest.TryDequeue(out var peer))
            GossipCore.WriteDigestEntry(ref writer, peer);
        writer.End();
    }

    /// <summary>True when there is nothing more.</summary>
    private bool WriteChanges(ref PayloadWriter writer)
    {
        while (_current is not null || _changes.TryDequeue(out _current))
        {
            var log = _current.Peer.Log;
            if (log.Horizon > _current.Base && log.Horizon > _current.From)
            {
                IsBroken = true; // tombstones went while this was under way: the next exchange does it
                return false;
            }

            _current.From = DeltaCodec.Write(ref writer, _current.Peer.Tag, log, _current.From, _current.Rebuild, out var isLast);
            if (!isLast)
                return false;
            _current = null;
        }

        return true;
    }

    private void HearDigest(ref PayloadReader body)
    {
        body.Byte();
        body.UInt64();
        while (body.HasMore)
        {
            var tag = body.UInt64();
            var incarnation = body.VarUInt32();
            var version = body.VarInt();
            if (!body.IsBad && _theirs.Count < MemberTable.MaxUp)
                _theirs[tag] = (incarnation, version);
        }
    }

    private void HearDelta(ref PayloadReader body)
    {
        var reader = body;
        var head = DeltaCodec.ReadHead(ref reader);
        if (!head.IsRebuild)
        {
            _core.HearSyncedDelta(ref body);
            return;
        }

        if (head.From == 0)
            _rebuilding = _core.OwnerOf(head.Tag) is { } peer ? (peer, new KeyValueLog()) : null;
        if (_rebuilding is not { } rebuilding || rebuilding.Peer.Tag != head.Tag || rebuilding.Log.Version != head.From)
            return;
        if (DeltaApplier.Collect(ref reader, rebuilding.Log, head) is null)
        {
            IsBroken = true;
            return;
        }

        if (head.IsLast)
        {
            _core.HearSyncedRebuild(rebuilding.Peer, rebuilding.Log);
            _rebuilding = null;
        }
    }

    /// <summary>The changes of one life that are on their way.</summary>
    private sealed class Outgoing(Peer peer, long known)
    {
        public Peer Peer => peer;

        /// <summary>The other side is too old for changes alone.</summary>
        public bool Rebuild { get; } = known < peer.Log.Horizon;

        /// <summary>What this side had when it began: a key that is sent later was not yet removed then.</summary>
        public long Base { get; } = peer.Log.Version;

        /// <summary>What has been sent so far.</summary>
        public long From { get; set; } = known < peer.Log.Horizon ? 0 : known;
    }
}
