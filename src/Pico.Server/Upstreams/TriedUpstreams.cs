namespace Pico.Server.Upstreams;

/// <summary>The upstreams that a request has tried already. A value on the stack: the usual request tries one and allocates nothing.</summary>
internal struct TriedUpstreams
{
    private Upstream? _first;
    private List<Upstream>? _more;

    /// <summary>How many were tried.</summary>
    public readonly int Count => (_first is null ? 0 : 1) + (_more?.Count ?? 0);

    /// <summary>Remembers <paramref name="upstream"/>.</summary>
    public void Add(Upstream upstream)
    {
        if (_first is null)
            _first = upstream;
        else
            (_more ??= []).Add(upstream);
    }

    /// <summary>True if <paramref name="upstream"/> was tried.</summary>
    public readonly bool Contains(Upstream upstream) => ReferenceEquals(_first, upstream) || (_more?.Contains(upstream) ?? false);
}
