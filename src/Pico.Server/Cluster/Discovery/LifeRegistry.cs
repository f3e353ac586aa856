using Pico.Gossip;

namespace Pico.Server.Cluster.Discovery;

/// <summary>
/// Which life runs in which place (<see cref="DiscoveredNode.Instance"/>), as nodes say themselves, and which places are gone for good: a life whose place is gone is over, wherever it comes from
/// and whatever is still said of it. A life of which no place is known is the gossip's own to judge. From any thread.
/// </summary>
internal sealed class LifeRegistry : ILifeAnchor
{
    /// <summary>What is known of the past is bounded, as the gossip's own memory of lives is.</summary>
    internal const int MaxRemembered = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<NodeLife, string> _places = []; // under _lock
    private readonly Queue<NodeLife> _oldestLives = new(); // under _lock
    private readonly HashSet<string> _present = new(StringComparer.Ordinal); // under _lock
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal); // under _lock
    private readonly Queue<string> _oldestGone = new(); // under _lock

    /// <summary>A life turned out to be over. Called without the lock.</summary>
    public Action<NodeLife>? Over { get; set; }

    /// <inheritdoc/>
    public LifeStanding Judge(NodeLife life)
    {
        lock (_lock)
        {
            return !_places.TryGetValue(life, out var place) ? LifeStanding.Unknown
                : _gone.Contains(place) ? LifeStanding.Over
                : _present.Contains(place) ? LifeStanding.Current
                : LifeStanding.Unknown;
        }
    }

    /// <summary>A life says where it runs; empty: it does not know.</summary>
    public void Learn(NodeLife life, string place)
    {
        if (place.Length == 0)
            return;
        bool isOver;
        lock (_lock)
        {
            if (_places.TryAdd(life, place))
                _oldestLives.Enqueue(life);
            if (_oldestLives.Count > MaxRemembered)
                _places.Remove(_oldestLives.Dequeue());
            isOver = _gone.Contains(place);
        }

        if (isOver)
            Over?.Invoke(life);
    }

    /// <summary>There is such a place.</summary>
    public void Begin(string place)
    {
        lock (_lock)
            _present.Add(place);
    }

    /// <summary>A place is gone for good, and with it every life there.</summary>
    public void End(string place)
    {
        NodeLife[] lives;
        lock (_lock)
        {
            _present.Remove(place);
            if (_gone.Add(place))
                _oldestGone.Enqueue(place);
            if (_oldestGone.Count > MaxRemembered)
                _gone.Remove(_oldestGone.Dequeue());
            lives = [.. _places.Where(p => p.Value == place).Select(p => p.Key)];
        }

        foreach (var life in lives)
            Over?.Invoke(life);
    }
}
