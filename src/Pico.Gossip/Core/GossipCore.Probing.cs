using System.Net;
using Pico.Gossip.Membership;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>
/// Who answers. Each interval a node asks two members: the one after it in the ring, so that each member is watched by somebody in every interval, and one of all in turn.
/// <code>
///   0 ms    ping ─────────────▶ member
///   200 ms  ping again, and ask three others to ping it
///   500 ms  suspect it, tell everybody, and go on asking it with the suspicion in the packet, so that it hears what it has to refute
///   2.5 s   give it up
/// </code>
/// So a crash is known everywhere about 2.5 to 3.5 s later, however many nodes there are.
/// </summary>
internal sealed partial class GossipCore
{
    private const int DirectTimeout = 200;
    private const int IndirectTimeout = 300;
    private const int Helpers = 3;
    private const int MaxPings = 256;
    private const int RetryInterval = 200;

    private readonly List<PendingPing> _pings = [];
    private readonly List<Peer> _turn = [];
    private long _probeAt;
    private uint _number;
    private double _roundTrip = 10;

    /// <summary>How long an answer is awaited: four round trips, where they are long.</summary>
    private long AnswerTime => (long)(Math.Clamp(4 * _roundTrip, DirectTimeout, 5 * DirectTimeout) * _health.Factor);

    private void StartProbes()
    {
        _probeAt = _now + _options.ProbeInterval - 20 + _random.Next(40);
        if (_table.Up.Count == 1)
            return;
        var successor = _table.Successor(Self);
        Probe(successor);
        if (NextInTurn() is { } next && next != successor)
            Probe(next);
    }

    private void Probe(Peer peer)
    {
        if (!_pings.Exists(p => p.Target == peer && p.Kind == PingKind.Probe))
            Ping(peer, PingKind.Probe, UpdateKind.Suspect, peer.Member.State == MemberState.Suspect ? peer : null);
    }

    /// <summary>All members one after the other, in an order that chance gives anew each time.</summary>
    private Peer? NextInTurn()
    {
        while (true)
        {
            if (_turn.Count == 0)
            {
                _turn.AddRange(_table.Up.Where(p => p != Self));
                _random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_turn));
                if (_turn.Count == 0)
                    return null;
            }

            var next = _turn[^1];
            _turn.RemoveAt(_turn.Count - 1);
            if (next.IsUp)
                return next;
        }
    }

    /// <summary>Sends a ping, with a piece of news that the target has to hear, and waits for the answer as its kind says.</summary>
    private void Ping(Peer target, PingKind kind, UpdateKind news, Peer? about, Requester requester = default)
    {
        var number = ++_number;
        if (kind != PingKind.Notice && _pings.Count < MaxPings)
            _pings.Add(new PendingPing(number, target, kind, requester) { SentAt = _now, DueAt = _now + AnswerTime });
        SendPing(target, number, news, about);
    }

    private void SendPing(Peer target, uint number, UpdateKind news, Peer? about)
    {
        Span<byte> buffer = stackalloc byte[MaxPayload];
        var writer = Open(buffer);
        writer.Begin(Section.Ping);
        writer.UInt32(number);
        writer.End();
        if (about is not null)
        {
            writer.Begin(Section.Updates);
            MemberUpdate.Write(ref writer, news, about.Record, about.Incarnation);
            writer.End();
        }

        if (target.IsIntroduced)
            _output.Send(target.Record.Address, target.Tag, writer.Written); // nobody may be there
        else
            Send(target.Record.Address, target.Tag, ref writer);
    }

    /// <summary>Takes pings further whose answers are late.</summary>
    private void FollowPings()
    {
        for (var i = _pings.Count - 1; i >= 0; i--)
        {
            var ping = _pings[i];
            if (_now < ping.DueAt)
                continue;
            if (ping is { Kind: PingKind.Probe, AskedHelpers: false } && ping.Target.IsUp)
            {
                AskHelpers(ping);
                continue;
            }

            _pings.RemoveAt(i);
            if (ping.Kind == PingKind.Probe && ping.Target.IsUp)
                ProbeFailed(ping);
            else if (ping.Kind == PingKind.Relay)
                Answer(ping.Requester, Section.Nack, target: null);
        }
    }

    private void AskHelpers(PendingPing ping)
    {
        ping.AskedHelpers = true;
        ping.DueAt = _now + (long)(IndirectTimeout * _health.Factor) + (AnswerTime - DirectTimeout);
        SendPing(ping.Target, ping.Number, UpdateKind.Suspect, about: null);
        foreach (var helper in RandomUp(Helpers, except: ping.Target))
        {
            ping.HelpersAsked++;
            AskHelper(helper, ping.Target, ping.Number);
        }
    }

    private void AskHelper(Peer helper, Peer target, uint number)
    {
        Span<byte> buffer = stackalloc byte[MaxPayload];
        var writer = Open(buffer);
        writer.Begin(Section.PingRequest);
        writer.UInt32(number);
        writer.UInt64(target.Tag);
        writer.End();
        Send(helper.Record.Address, helper.Tag, ref writer);
    }

    private void ProbeFailed(PendingPing ping)
    {
        // Helpers answer in any case: if none of them did, it may well be this node.
        if (ping.HelpersAsked > 1 && ping.HelpersHeard == 0)
            _health.Worse();
        Suspect(ping.Target, ping.Target.Incarnation, isOwn: true);
    }

    private void FollowSuspects()
    {
        for (var i = _suspects.Count - 1; i >= 0; i--)
        {
            var suspect = _suspects[i];
            if (_now >= suspect.GiveUpAt)
            {
                _suspects.RemoveAt(i);
                GiveUp(suspect);
            }
            else if (suspect.RetryAt > 0 && _now >= suspect.RetryAt)
            {
                suspect.RetryAt = _now + RetryInterval;
                Ping(suspect, PingKind.Notice, UpdateKind.Suspect, suspect);
                foreach (var helper in RandomUp(1, except: suspect))
                    AskHelper(helper, suspect, ++_number);
            }
        }
    }

    private void HearPingRequest(ref PayloadReader body, Peer requester, IPEndPoint from)
    {
        var number = body.UInt32();
        var tag = body.UInt64();
        if (body.IsBad || tag == Self.Tag)
            return;
        var sender = new Requester(from, requester.Tag, number);
        if (_table.Find(tag) is not { } target)
            Answer(sender, Section.Nack, target: null);
        else
            Ping(target, PingKind.Relay, target.IsUp ? UpdateKind.Suspect : UpdateKind.Failed, target.Member.State == MemberState.Alive ? null : target, sender);
    }

    private void HearAck(ref PayloadReader body, ulong sender)
    {
        var number = body.UInt32();
        var subject = sender;
        if (body.HasMore)
        {
            subject = body.UInt64();
            var incarnation = body.VarUInt32();
            if (!body.IsBad && (_table.Find(subject) ?? HearIntroduced(subject, incarnation)) is { } third)
                HearIncarnation(third, incarnation, isFirstHand: true);
        }

        var found = _pings.FindIndex(p => p.Number == number && p.Target.Tag == subject);
        if (body.IsBad || found < 0)
            return;
        var ping = _pings[found];
        _pings.RemoveAt(found);
        if (subject == sender && !ping.AskedHelpers)
            _roundTrip += ((_now - ping.SentAt) - _roundTrip) / 8;
        if (ping.Kind == PingKind.Probe)
            _health.Better();
        else if (ping.Kind == PingKind.Relay)
            Answer(ping.Requester, Section.Ack, ping.Target);
        else if (ping.Kind == PingKind.Leave)
            LeaveWitnessed(ping.Target);
    }

    private void HearNack(ref PayloadReader body)
    {
        var number = body.UInt32();
        if (_pings.Find(p => p.Number == number) is { } ping)
            ping.HelpersHeard++;
    }

    /// <summary>Tells whoever asked for a ping what came of it.</summary>
    private void Answer(Requester requester, Section section, Peer? target)
    {
        Span<byte> buffer = stackalloc byte[MaxPayload];
        var writer = Open(buffer);
        writer.Begin(section);
        writer.UInt32(requester.Number);
        if (target is not null)
        {
            writer.UInt64(target.Tag);
            writer.VarInt(target.Incarnation);
        }

        writer.End();
        Send(requester.Address, requester.Tag, ref writer);
    }

    /// <summary>Asks one of the members that failed, so that a partition that has healed is noticed from inside too.</summary>
    private void Reconnect()
    {
        _reconnectAt = _now + ReconnectInterval - 200 + _random.Next(400);
        if (_table.Failed.Count == 0)
            return;
        var failed = _table.Failed[_random.Next(_table.Failed.Count)];
        Ping(failed, PingKind.Notice, UpdateKind.Failed, failed);
    }

    private enum PingKind
    {
        Probe,
        Relay,
        Leave,
        Notice,
    }

    /// <summary>Who asked for a ping of a third node, and by which number.</summary>
    private readonly record struct Requester(IPEndPoint Address, ulong Tag, uint Number);

    private sealed class PendingPing(uint number, Peer target, PingKind kind, Requester requester)
    {
        public uint Number => number;

        public Peer Target => target;

        public PingKind Kind => kind;

        public Requester Requester => requester;

        public long SentAt { get; init; }

        public long DueAt { get; set; }

        public bool AskedHelpers { get; set; }

        public int HelpersAsked { get; set; }

        public int HelpersHeard { get; set; }
    }
}
