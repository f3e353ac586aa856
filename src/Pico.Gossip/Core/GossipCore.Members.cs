using Pico.Gossip.Membership;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>
/// What is believed of whom. Of two reports about a life the higher incarnation counts, which only the life itself can raise; at the same one, bad news count.
/// <code>
///                    ┌──── higher incarnation ────┐
///                    ▼                            │
///   introduced ──▶ Alive ──── not reached ──▶ Suspect ── time is up ──▶ Failed ── higher incarnation ──▶ Alive
///                    └──────────┬─────────────────┴──────────────────────┘
///                               └── said that it leaves · a newer life of the node · declared dead ──▶ over, for good
/// </code>
/// Nobody believes another's word that a third has failed: it only starts the same clock. So when parts of a cluster find together again, of which each held the other to be dead,
/// nobody goes down once more. And nobody believes another's word that one lives which has failed or is not known: it is asked itself. So one that was killed
/// comes up nowhere, however long somebody has not noticed.
/// </summary>
internal sealed partial class GossipCore
{
    private const int ContradictionInterval = 1000;
    private const int ValuesKept = 15 * 60 * 1000;
    private const long FailedKept = 24 * 3600 * 1000;

    private readonly List<Peer> _suspects = [];
    private readonly HashSet<ulong> _declared = [];

    /// <summary>A life is over: somebody knows. It goes down at the next tick, which is now. False for this node's own life.</summary>
    public bool DeclareDead(NodeLife life) => life != Self.Record.Life && _declared.Add(MemberUpdate.TagOf(life));

    private void EndDeclared()
    {
        foreach (var tag in _declared)
            HearEnd(tag, UpdateKind.Declared);
        _declared.Clear();
    }

    /// <summary>A life was said to be up: by itself (<paramref name="isFirstHand"/>), or by another.</summary>
    internal void HearAlive(MemberRecord record, uint incarnation, bool isFirstHand)
    {
        if (record.Tag == Self.Tag)
        {
            if (incarnation > Self.Incarnation)
                Refute(incarnation);
        }
        else if (!record.IsCompatible)
        {
            _counters.Drop(PacketDrop.Malformed);
        }
        else if (_table.Find(record.Tag) is { } known)
        {
            HearIncarnation(known, incarnation);
        }
        else if (_graves.Find(record.Tag) is { } grave && (grave.IsFinal || incarnation <= grave.Incarnation))
        {
            Notice(grave.End, record.Tag, grave.Incarnation);
        }
        else if (_options.Anchor?.Judge(record.Life) == LifeStanding.Over)
        {
            HearEnd(record.Tag, UpdateKind.Declared);
        }
        else if (_table.FindNode(record.Life.NodeId) is { } other && other.Record.Life.Start >= record.Life.Start)
        {
            HearEnd(record.Tag, UpdateKind.Replaced);
        }
        else if (isFirstHand)
        {
            Meet(record, incarnation);
        }
        else
        {
            Introduce(record, incarnation);
        }
    }

    /// <summary>A member was heard of as up, or heard itself, with this incarnation. One that failed comes up by its own word only, given after it was asked.</summary>
    private void HearIncarnation(Peer peer, uint incarnation, bool isFirstHand = false)
    {
        if (!peer.IsUp && !(isFirstHand && incarnation > peer.Incarnation))
        {
            Contradict(peer);
            return;
        }

        if (peer == Self || incarnation <= peer.Incarnation)
            return;
        peer.Incarnation = incarnation;
        if (!peer.IsUp)
        {
            Raise(peer);
            return;
        }

        if (peer.Member.State == MemberState.Suspect)
        {
            peer.Member.State = MemberState.Alive;
            _suspects.Remove(peer);
        }

        _table.Rehash(peer);
        Tell(UpdateKind.Alive, peer);
    }

    /// <summary>A member is up: it is new, or it had failed.</summary>
    private void Raise(Peer peer)
    {
        if (_options.Anchor?.Judge(peer.Record.Life) == LifeStanding.Over)
        {
            HearEnd(peer.Tag, UpdateKind.Declared);
            return;
        }

        _graves.Open(peer.Tag);
        peer.Member.State = MemberState.Alive;
        peer.HotRounds = 0;
        _table.Add(peer);
        _output.MemberUp(peer.Member);
        for (var position = 0; position < peer.Log.Length; position++)
        {
            if (peer.Log.IsLive(position))
                _output.ValueSet(peer.Member, peer.Log.Key(position), peer.Log.Value(position));
        }

        Tell(UpdateKind.Alive, peer);
    }

    /// <summary>Somebody holds a member to be up that this node holds to have failed: it is asked, and if it has not answered by the next time, the other is told.</summary>
    private void Contradict(Peer peer)
    {
        var since = _now - peer.ContradictedAt;
        if (since < ContradictionInterval)
            return;
        peer.ContradictedAt = _now;
        Ping(peer, PingKind.Notice, UpdateKind.Failed, peer);
        foreach (var helper in RandomUp(1, except: peer))
            AskHelper(helper, peer, ++_number);
        if (since < 10 * ContradictionInterval)
            Notice(UpdateKind.Failed, peer.Tag, peer.Incarnation);
    }

    /// <summary>Somebody could not reach a member.</summary>
    private void HearSuspect(ulong tag, uint incarnation)
    {
        if (tag == Self.Tag)
        {
            if (incarnation >= Self.Incarnation)
                Refute(incarnation);
        }
        else if (_table.Find(tag) is { IsUp: true } peer && incarnation >= peer.Incarnation)
        {
            Suspect(peer, incarnation, isOwn: false);
        }
    }

    private void HearFailed(ulong tag, uint incarnation)
    {
        if (tag == Self.Tag || _table.Find(tag) is { IsUp: true })
            HearSuspect(tag, incarnation);
        else if (_table.Find(tag) is { } failed)
            failed.Incarnation = Math.Max(failed.Incarnation, incarnation);
        else
            _graves.Bury(tag, UpdateKind.Failed, incarnation);
    }

    private void Suspect(Peer peer, uint incarnation, bool isOwn)
    {
        if (peer.Member.State == MemberState.Suspect && incarnation == peer.Incarnation)
        {
            if (isOwn && peer.RetryAt == 0)
                peer.RetryAt = _now;
            return;
        }

        if (peer.Member.State == MemberState.Alive)
            _suspects.Add(peer);
        peer.Member.State = MemberState.Suspect;
        peer.Incarnation = incarnation;
        peer.GiveUpAt = _now + (long)(_options.SuspicionTimeout * _health.Factor);
        peer.RetryAt = isOwn ? _now : 0;
        if (isOwn)
            _counters.Suspected();
        _table.Rehash(peer);
        Tell(UpdateKind.Suspect, peer);
    }

    /// <summary>Somebody holds this node to be dead: it says that it lives.</summary>
    private void Refute(uint incarnation)
    {
        Self.Incarnation = Math.Max(Self.Incarnation, incarnation) + 1;
        _table.Rehash(Self);
        _counters.Refuted();
        _health.Worse();
        Tell(UpdateKind.Alive, Self);
    }

    private void GiveUp(Peer peer)
    {
        peer.Member.State = MemberState.Dead;
        peer.DownSince = _now;
        peer.ContradictedAt = _now;
        _table.Fail(peer);
        _output.MemberDown(peer.Member, MemberDownReason.Failed);
        Tell(UpdateKind.Failed, peer);
        if (_table.Failed.Count > MemberTable.MaxFailed)
            Bury(_table.Failed[0]);
    }

    /// <summary>A life is over for good.</summary>
    private void HearEnd(ulong tag, UpdateKind kind)
    {
        _introductions.Remove(tag);
        if (tag == Self.Tag)
        {
            if (!_isLeaving)
                BeExpelled(kind);
            return;
        }

        if (_table.Find(tag) is { } peer)
        {
            End(peer, kind);
        }
        else if (_graves.Find(tag) is not { IsFinal: true })
        {
            _graves.Bury(tag, kind, 0);
            _broadcasts.Add(kind, tag, 0, record: null);
            ScheduleGossip();
        }
    }

    private void End(Peer peer, UpdateKind kind)
    {
        var wasUp = peer.IsUp;
        _suspects.Remove(peer);
        peer.Member.State = kind == UpdateKind.Left ? MemberState.Left : MemberState.Dead;
        _table.Remove(peer);
        _graves.Bury(peer.Tag, kind, peer.Incarnation);
        if (wasUp)
            _output.MemberDown(peer.Member, ReasonOf(kind));
        Tell(kind, peer);
    }

    private void BeExpelled(UpdateKind kind)
    {
        HasEnded = true;
        _output.Expelled(ReasonOf(kind));
    }

    private void ForgetFailed()
    {
        for (var i = _table.Failed.Count - 1; i >= 0; i--)
        {
            var peer = _table.Failed[i];
            if (_now - peer.DownSince > FailedKept)
                Bury(peer);
            else if (_now - peer.DownSince > ValuesKept && peer.Log.Version > 0)
                peer.Log = new();
        }
    }

    private void Bury(Peer failed)
    {
        _table.Remove(failed);
        _graves.Bury(failed.Tag, UpdateKind.Failed, failed.Incarnation);
    }

    private void Tell(UpdateKind kind, Peer peer)
    {
        _broadcasts.Add(kind, peer.Tag, peer.Incarnation, peer.Record);
        ScheduleGossip();
    }

    private static MemberDownReason ReasonOf(UpdateKind kind) => kind switch
    {
        UpdateKind.Left => MemberDownReason.Left,
        UpdateKind.Replaced => MemberDownReason.Replaced,
        UpdateKind.Declared => MemberDownReason.Declared,
        _ => MemberDownReason.Failed,
    };
}
