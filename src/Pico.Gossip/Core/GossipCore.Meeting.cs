using Pico.Gossip.Membership;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>
/// How this node comes to know a life. What others say introduces it only: it is asked, and is up when it has answered, to this node or to a helper.
/// <code>
///   0 ms     ping ─────────────▶ it, with this node's own record: so it knows this node by the same packet
///   200 ms   ping again, and ask another to ping it; so again after 400 ms, and after 800 ms
///   2 s      forget it, until somebody tells of it again
/// </code>
/// So one that is over comes up nowhere by the word of somebody who has not noticed yet. Values that come with the introduction (a first exchange brings all of them) are kept until the
/// answer, and told after it. Pings go out at a bounded rate and carry nothing else, so that who names many lives makes this node send little.
/// </summary>
internal sealed partial class GossipCore
{
    private const int AnswersWithin = 2000;
    private const int AsksPerRound = 64;
    private const int AskRound = 20;

    private static readonly int[] Patience = [200, 400, 800, AnswersWithin - 1400];

    private readonly Introductions _introductions = new();
    private long _askAt;
    private long _joinBy = Never;

    /// <summary>When something is due here.</summary>
    private long NextMeeting
    {
        get
        {
            var asking = Math.Max(_askAt, _introductions.NextDue);
            return _joinBy == Never ? asking : Math.Min(asking, _introductions.Count == 0 ? _now : _joinBy);
        }
    }

    /// <summary>Others say that an unknown life is up.</summary>
    private void Introduce(MemberRecord record, uint incarnation)
    {
        if (_introductions.Find(record.Tag) is null && _table.Up.Count + _introductions.Count < MemberTable.MaxUp)
            _introductions.Add(new Peer(record, incarnation, Gate) { IsIntroduced = true }, _now);
    }

    /// <summary>A life speaks for itself. If it was introduced it is met; null if it was not, or is over.</summary>
    private Peer? HearIntroduced(ulong tag, uint incarnation)
    {
        if (_introductions.Find(tag) is not { } introduced)
            return null;
        HearAlive(introduced.Record, incarnation, isFirstHand: true);
        return _table.Find(tag);
    }

    /// <summary>An unknown life has spoken itself.</summary>
    private void Meet(MemberRecord record, uint incarnation)
    {
        if (_table.FindNode(record.Life.NodeId) is { } older)
        {
            if (older == Self)
            {
                BeExpelled(UpdateKind.Replaced);
                return;
            }

            End(older, UpdateKind.Replaced);
        }

        var peer = _introductions.Find(record.Tag) ?? new Peer(record, incarnation, Gate);
        _introductions.Remove(record.Tag);
        if (_table.Up.Count >= MemberTable.MaxUp)
            return;
        if (!peer.Record.Address.Equals(record.Address))
            peer.Relocate(record.Address); // it knows better than who told of it
        peer.Incarnation = incarnation;
        peer.IsIntroduced = false;
        Raise(peer);
    }

    /// <summary>Asks those that are due, a bounded number at once, and forgets those that did not answer.</summary>
    private void FollowIntroductions()
    {
        for (var asked = 0; _now >= _askAt && _introductions.TryTake(_now, out var introduction);)
        {
            if (introduction.Asked == Patience.Length)
            {
                _introductions.Remove(introduction.Peer.Tag);
                continue;
            }

            Ask(introduction);
            if (++asked == AsksPerRound)
                _askAt = _now + AskRound;
        }

        if (_introductions.Count == 0 || _now >= _joinBy)
            BeJoinedAfterMeeting();
    }

    private void Ask(Introduction introduction)
    {
        var peer = introduction.Peer;
        SendPing(peer, ++_number, UpdateKind.Alive, Self);
        if (introduction.Asked > 0)
        {
            foreach (var helper in RandomUp(1, except: null))
                AskHelper(helper, peer, ++_number);
        }

        _introductions.Return(introduction, _now + Patience[introduction.Asked++]);
    }

    /// <summary>An exchange has told everything that somebody knows: this node has joined as soon as whom it was told of has answered, or has had the time to.</summary>
    private void JoinAfterMeeting() => _joinBy = Math.Min(_joinBy, _now + AnswersWithin);

    private void BeJoinedAfterMeeting()
    {
        if (_joinBy == Never)
            return;
        _joinBy = Never;
        BeJoined();
    }
}
