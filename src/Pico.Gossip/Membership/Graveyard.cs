using Pico.Gossip.Wire;

namespace Pico.Gossip.Membership;

/// <summary>
/// Lives that are over, so that nobody's old word brings them back: what ended them, and the incarnation up to which word of them is old. Of 10,000 at the most, the oldest is forgotten first;
/// that is a hundred restarts of each of a hundred nodes.
/// </summary>
internal sealed class Graveyard
{
    private const int MaxGraves = 10_000;

    private readonly Dictionary<ulong, Grave> _graves = [];
    private readonly Queue<ulong> _order = new();

    /// <summary>Remembers the end of a life. One that is over for good stays so.</summary>
    public void Bury(ulong tag, UpdateKind end, uint incarnation)
    {
        if (_graves.TryGetValue(tag, out var known))
        {
            if (!known.IsFinal && (end != UpdateKind.Failed || incarnation > known.Incarnation))
                _graves[tag] = new Grave(end, incarnation);
            return;
        }

        if (_graves.Count == MaxGraves)
        {
            // Lives that came back are out of order here.
            while (!_graves.Remove(_order.Dequeue()))
            {
            }
        }

        _graves[tag] = new Grave(end, incarnation);
        if (_order.Count > 2 * MaxGraves)
            Tidy();
        _order.Enqueue(tag);
    }

    /// <summary>How a life ended, if it is known to have.</summary>
    public Grave? Find(ulong tag) => _graves.TryGetValue(tag, out var grave) ? grave : null;

    /// <summary>The life goes on after all.</summary>
    public void Open(ulong tag) => _graves.Remove(tag);

    private void Tidy()
    {
        var kept = _order.Distinct().Where(_graves.ContainsKey).ToArray();
        _order.Clear();
        foreach (var tag in kept)
            _order.Enqueue(tag);
    }
}

/// <summary>The end of a life.</summary>
/// <param name="End">What ended it: anything but Alive and Suspect.</param>
/// <param name="Incarnation">A life that failed comes back by saying a higher one.</param>
internal readonly record struct Grave(UpdateKind End, uint Incarnation)
{
    /// <summary>Nothing brings it back.</summary>
    public bool IsFinal => End != UpdateKind.Failed;
}
