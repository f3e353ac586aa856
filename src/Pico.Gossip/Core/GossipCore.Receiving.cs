using System.Net;
using Pico.Gossip.Membership;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>What comes in by packet. Answers are collected while a packet is read, and leave as one.</summary>
internal sealed partial class GossipCore
{
    private const int MaxAnswers = 256;
    private const int GreetingsAnswered = 200; // per second

    private readonly List<(UpdateKind Kind, ulong Tag, uint Incarnation)> _notices = [];
    private readonly List<ulong> _wants = [];
    private readonly List<(ulong Tag, long Version)> _pulls = [];
    private readonly List<Peer> _offers = [];
    private long _greetingsSecond;
    private int _greetings;

    /// <summary>A packet came whose seal is good, if there are seals.</summary>
    /// <param name="now">The time.</param>
    /// <param name="from">Where it came from.</param>
    /// <param name="tag">The life that sent it.</param>
    /// <param name="isGreeting">It was sent to whoever is here, so it may be an old one: it is answered, and changes nothing.</param>
    /// <param name="payload">What was in it.</param>
    public void Receive(long now, IPEndPoint from, ulong tag, bool isGreeting, ReadOnlySpan<byte> payload)
    {
        if (HasEnded || tag == Self.Tag)
            return;
        _now = now;
        if (isGreeting)
        {
            AnswerGreeting(from, tag, payload);
            return;
        }

        _notices.Clear();
        _wants.Clear();
        _pulls.Clear();
        _offers.Clear();
        HearNews(payload, tag, out var incarnation, out var hash);
        var sender = _table.Find(tag) ?? HearIntroduced(tag, incarnation);
        if (sender is not null)
            HearIncarnation(sender, incarnation, isFirstHand: true);
        else if (_graves.Find(tag) is { } grave)
            Notice(grave.End, tag, grave.Incarnation);
        else
            Want(tag);
        HearRest(payload, from, tag, sender, hash, out var ping);
        Answer(from, tag, ping);
    }

    /// <summary>First what the packet says of members, whoever sent it; the sender's own record may be there.</summary>
    private void HearNews(ReadOnlySpan<byte> payload, ulong tag, out uint incarnation, out ulong hash)
    {
        incarnation = 0;
        hash = 0;
        var reader = new PayloadReader(payload);
        while (reader.Next(out var section, out var body))
        {
            if (section == Section.Sender)
            {
                incarnation = body.VarUInt32();
                hash = body.UInt64();
            }
            else if (section == Section.Updates)
            {
                HearUpdates(ref body, tag);
            }
            else if (section == Section.HelloAck)
            {
                HearWelcome(ref body, tag);
            }
        }

        if (reader.IsBad)
            _counters.Drop(PacketDrop.Malformed);
    }

    private void HearUpdates(ref PayloadReader reader, ulong speaker)
    {
        while (reader.HasMore)
        {
            var kind = (UpdateKind)reader.Byte();
            var body = new PayloadReader(reader.Bytes(reader.Byte()));
            var tag = body.UInt64();
            var incarnation = body.VarUInt32();
            if (!body.IsBad && kind != UpdateKind.Alive)
                HearUpdate(kind, tag, incarnation);
            else if (_table.Find(tag) is { } known && known != Self)
                HearIncarnation(known, incarnation); // most news are not, and need no reading
            else if (MemberUpdate.ReadRecord(ref body, tag) is { } record)
                HearAlive(record, incarnation, isFirstHand: tag == speaker);
        }
    }

    private void HearUpdate(UpdateKind kind, ulong tag, uint incarnation)
    {
        switch (kind)
        {
            case UpdateKind.Suspect:
                HearSuspect(tag, incarnation);
                break;
            case UpdateKind.Failed:
                HearFailed(tag, incarnation);
                break;
            case UpdateKind.Left or UpdateKind.Replaced or UpdateKind.Declared:
                HearEnd(tag, kind);
                break;
        }
    }

    private void HearRest(ReadOnlySpan<byte> payload, IPEndPoint from, ulong tag, Peer? sender, ulong hash, out uint? ping)
    {
        ping = null;
        var reader = new PayloadReader(payload);
        while (reader.Next(out var section, out var body))
        {
            if (section == Section.Ping)
                ping = body.UInt32();
            else if (section == Section.Ack)
                HearAck(ref body, tag);
            else if (section == Section.Nack)
                HearNack(ref body);
            else if (section == Section.Want)
                HearWant(ref body, from, tag);
            else if (sender is not { IsUp: true })
                continue;
            else if (section == Section.PingRequest)
                HearPingRequest(ref body, sender, from);
            else if (section == Section.Digest)
                HearDigest(ref body);
            else if (section == Section.Pull)
                HearPull(ref body, sender);
            else if (section == Section.Delta)
                HearDelta(ref body);
            else if (section == Section.Summary)
                HearSummary(ref body, sender);
            else if (section == Section.More)
                RequestSync(sender);
        }

        if (sender is { IsUp: true } && (ping is not null || IsAnswer(payload)))
            Compare(sender, hash);
    }

    private static bool IsAnswer(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        while (reader.Next(out var section, out _))
        {
            if (section == Section.Ack)
                return true;
        }

        return false;
    }

    private void Answer(IPEndPoint to, ulong tag, uint? ping)
    {
        if (ping is null && _notices.Count + _wants.Count + _pulls.Count + _offers.Count == 0)
            return;
        Span<byte> buffer = stackalloc byte[MaxPayload];
        var writer = Open(buffer);
        if (ping is { } number)
        {
            writer.Begin(Section.Ack);
            writer.UInt32(number);
            writer.End();
        }

        WriteNotices(ref writer);
        WriteWants(ref writer);
        WritePulls(ref writer);
        WriteDigest(ref writer, _offers);
        Send(to, tag, ref writer);
    }

    private void WriteNotices(ref PayloadWriter writer)
    {
        writer.Begin(Section.Updates);
        foreach (var (kind, tag, incarnation) in _notices)
        {
            if (writer.Room >= MemberUpdate.MaxShort + PayloadWriter.SectionOverhead)
                MemberUpdate.WriteShort(ref writer, kind, tag, incarnation);
        }

        writer.End();
    }

    private void WriteWants(ref PayloadWriter writer)
    {
        if (_wants.Count == 0 || writer.Room < PayloadWriter.SectionOverhead + sizeof(ulong))
            return;
        writer.Begin(Section.Want);
        foreach (var tag in _wants)
        {
            if (writer.Room >= sizeof(ulong))
                writer.UInt64(tag);
        }

        writer.End();
    }

    /// <summary>Tells the sender of the packet that is being read something about a life.</summary>
    private void Notice(UpdateKind kind, ulong tag, uint incarnation)
    {
        if (_notices.Count < MaxAnswers && !_notices.Exists(n => n.Tag == tag))
            _notices.Add((kind, tag, incarnation));
    }

    private void Want(ulong tag)
    {
        if (_wants.Count < MaxAnswers && !_wants.Contains(tag))
            _wants.Add(tag);
    }

    /// <summary>Sends the records of lives that somebody knows nothing of.</summary>
    private void HearWant(ref PayloadReader body, IPEndPoint to, ulong asker)
    {
        Span<byte> buffer = stackalloc byte[MaxPayload];
        for (var packets = 0; body.HasMore && packets < MaxDeltaPackets; packets++)
        {
            var writer = Open(buffer);
            writer.Begin(Section.Updates);
            while (body.HasMore && writer.Room >= MemberUpdate.MaxLong)
            {
                if (_table.Find(body.UInt64()) is { IsUp: true } peer)
                    MemberUpdate.Write(ref writer, UpdateKind.Alive, peer.Record, peer.Incarnation);
            }

            if (writer.End())
                Send(to, asker, ref writer);
        }
    }

    private void AnswerGreeting(IPEndPoint from, ulong tag, ReadOnlySpan<byte> payload)
    {
        if (_isLeaving)
            return;
        if (_now / 1000 != _greetingsSecond)
        {
            _greetingsSecond = _now / 1000;
            _greetings = 0;
        }

        if (++_greetings > GreetingsAnswered)
        {
            _counters.Drop(PacketDrop.RateLimited);
            return;
        }

        var reader = new PayloadReader(payload);
        if (!reader.Next(out var section, out var body) || section != Section.Hello || MemberUpdate.ReadRecord(ref body, out _) is not { } record || record.Tag != tag)
        {
            _counters.Drop(PacketDrop.Malformed);
            return;
        }

        Span<byte> buffer = stackalloc byte[MaxPayload];
        var writer = Open(buffer);
        writer.Begin(Section.HelloAck);
        MemberUpdate.WriteRecord(ref writer, Self.Record, Self.Incarnation);
        writer.End();
        if (_graves.Find(tag) is { } grave)
        {
            writer.Begin(Section.Updates);
            MemberUpdate.WriteShort(ref writer, grave.End, tag, grave.Incarnation);
            writer.End();
        }

        _output.Send(from, tag, writer.Written);
    }

    /// <summary>A greeting was answered: here is a member. It hears who this is, and gives what it knows.</summary>
    private void HearWelcome(ref PayloadReader body, ulong tag)
    {
        if (MemberUpdate.ReadRecord(ref body, out var incarnation) is not { } record || record.Tag != tag)
            return;
        HearAlive(record, incarnation, isFirstHand: true);
        if (_table.Find(tag) is not { } peer)
            return;
        Ping(peer, PingKind.Notice, UpdateKind.Alive, Self);
        if (!_joined)
            RequestSync(peer);
    }

    /// <summary>Begins a packet: who sends it, and a hash of what it knows; that it leaves, if it does.</summary>
    private PayloadWriter Open(Span<byte> buffer)
    {
        var writer = new PayloadWriter(buffer);
        writer.Begin(Section.Sender);
        writer.VarInt(Self.Incarnation);
        writer.UInt64(_table.Hash);
        writer.End();
        if (_isLeaving)
        {
            writer.Begin(Section.Updates);
            MemberUpdate.WriteShort(ref writer, UpdateKind.Left, Self.Tag, Self.Incarnation);
            writer.End();
        }

        return writer;
    }

    /// <summary>Fills a packet up with news and sends it.</summary>
    private void Send(IPEndPoint to, ulong tag, ref PayloadWriter writer)
    {
        _broadcasts.Write(ref writer, _table.Up.Count);
        _output.Send(to, tag, writer.Written);
    }
}
