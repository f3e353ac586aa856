using System.Numerics;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Membership;

/// <summary>
/// News of members that ride along on every packet. Each is told as often as it takes to reach everybody by chance (a multiple of the logarithm of the cluster's size), the least told first.
/// Newer news of a life replace older.
/// </summary>
internal sealed class Broadcasts
{
    private const int SendsPerDoubling = 2;
    private const int MaxWaiting = 2 * MemberTable.MaxUp;
    private const int MaxSends = SendsPerDoubling * 14; // MaxUp and twice that many

    private readonly Dictionary<ulong, News> _news = [];
    private readonly Queue<(ulong Tag, int Stamp)>[] _bySends = [.. Enumerable.Range(0, MaxSends).Select(_ => new Queue<(ulong, int)>())];
    private int _stamp;

    /// <summary>Nothing is left to tell.</summary>
    public bool IsEmpty => _news.Count == 0;

    /// <summary>Tells everybody. Without a record only what has a short form can be told.</summary>
    public void Add(UpdateKind kind, ulong tag, uint incarnation, MemberRecord? record)
    {
        if (_news.Count >= MaxWaiting && !_news.ContainsKey(tag))
            return; // anti-entropy brings it round
        var stamp = ++_stamp;
        _news[tag] = new News(kind, incarnation, record, stamp);
        _bySends[0].Enqueue((tag, stamp));
    }

    /// <summary>Writes what there is room for as one section.</summary>
    public void Write(ref PayloadWriter writer, int members)
    {
        if (IsEmpty || writer.Room < PayloadWriter.SectionOverhead + MemberUpdate.MaxShort)
            return;
        var limit = Math.Min(MaxSends, SendsPerDoubling * (BitOperations.Log2((uint)members) + 1));
        writer.Begin(Section.Updates);
        var moved = 0; // what this packet has moved up stands at the end of the next queue
        for (var sends = 0; sends < MaxSends && TryWrite(sends, _bySends[sends].Count - moved, limit, ref writer, out moved); sends++)
        {
        }

        writer.End();
    }

    /// <summary>Writes news that were told so many times. False when there is no more room.</summary>
    private bool TryWrite(int sends, int count, int limit, ref PayloadWriter writer, out int moved)
    {
        moved = 0;
        var queue = _bySends[sends];
        for (; count > 0; count--)
        {
            var (tag, stamp) = queue.Peek();
            if (!_news.TryGetValue(tag, out var news) || news.Stamp != stamp)
            {
                queue.Dequeue(); // replaced
                continue;
            }

            if (writer.Room < (news.Kind == UpdateKind.Alive ? MemberUpdate.MaxLong : MemberUpdate.MaxShort))
                return false;
            queue.Dequeue();
            if (news.Record is { } record)
                MemberUpdate.Write(ref writer, news.Kind, record, news.Incarnation);
            else
                MemberUpdate.WriteShort(ref writer, news.Kind, tag, news.Incarnation);
            if (sends + 1 < limit)
            {
                _bySends[sends + 1].Enqueue((tag, stamp));
                moved++;
            }
            else
            {
                _news.Remove(tag);
            }
        }

        return true;
    }

    private readonly record struct News(UpdateKind Kind, uint Incarnation, MemberRecord? Record, int Stamp);
}
