namespace Pico.Server.Admin.Api;

/// <summary>
/// The first so many of many things, found in one pass that keeps no more than those: n things cost n comparisons and a few moves, not a sort of all. Ordered by figure, the
/// greatest first, then by name.
/// </summary>
/// <typeparam name="T">The things.</typeparam>
/// <param name="limit">How many.</param>
/// <param name="after">Where the page before ended; null for the first.</param>
internal sealed class PageSelection<T>(int limit, PageCursor? after)
{
    private static readonly Comparer<(double Figure, string Name)> Order = Comparer<(double Figure, string Name)>.Create(Compare);
    private static readonly Comparer<(double Figure, string Name)> Reverse = Comparer<(double Figure, string Name)>.Create(static (a, b) => Compare(b, a));

    // The last of what was chosen is on top, and goes when a better one comes.
    private readonly PriorityQueue<T, (double Figure, string Name)> _chosen = new(Reverse);
    private bool _isMore;

    /// <summary>Shows it one thing.</summary>
    public void Add(double figure, string name, T thing)
    {
        var key = (figure, name);
        if (after is not null && Compare(key, (after.Figure, after.Name)) <= 0)
            return;
        if (_chosen.Count < limit)
        {
            _chosen.Enqueue(thing, key);
            return;
        }

        _isMore = true;
        _chosen.TryPeek(out _, out var last);
        if (Compare(key, last) < 0)
            _chosen.DequeueEnqueue(thing, key);
    }

    /// <summary>What was chosen, in order, and where it ended; null if that is all.</summary>
    public (IReadOnlyList<T> Things, PageCursor? Continue) Take(string sort)
    {
        var all = _chosen.UnorderedItems.ToArray();
        Array.Sort(all, static (a, b) => Order.Compare(a.Priority, b.Priority));
        var last = all.Length > 0 ? all[^1].Priority : default;
        return ([.. all.Select(static a => a.Element)], _isMore ? new PageCursor(sort, last.Figure, last.Name) : null);
    }

    private static int Compare((double Figure, string Name) a, (double Figure, string Name) b) =>
        a.Figure != b.Figure ? b.Figure.CompareTo(a.Figure) : string.CompareOrdinal(a.Name, b.Name);
}
