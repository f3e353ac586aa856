using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Watching;

/// <summary>
/// What the informers of one kind know: the objects by namespace and name. From any thread. <see cref="Changed"/> is raised in order, outside of the
/// lock that readers take, by one informer at a time; its handlers only note what is to be done.
/// </summary>
internal sealed class ObjectStore<TItem>
    where TItem : class
{
    private readonly Lock _lock = new();
    private readonly Lock _order = new();
    private readonly Dictionary<string, Dictionary<string, TItem>> _items = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The object before (null: it is new) and after (null: it is gone).</summary>
    public event Action<ObjectKey, TItem?, TItem?>? Changed;

    public int Count => Volatile.Read(ref _count);

    public TItem? Get(ObjectKey key)
    {
        lock (_lock)
            return _items.TryGetValue(key.Namespace, out var names) ? names.GetValueOrDefault(key.Name) : null;
    }

    /// <summary>All objects of a namespace, in no order.</summary>
    public TItem[] In(string @namespace)
    {
        lock (_lock)
            return _items.TryGetValue(@namespace, out var names) ? [.. names.Values] : [];
    }

    /// <summary>All objects, in no order.</summary>
    public TItem[] All()
    {
        lock (_lock)
            return [.. _items.Values.SelectMany(n => n.Values)];
    }

    /// <summary>Notes an object; null: it is gone, or of no concern.</summary>
    public void Set(ObjectKey key, TItem? item)
    {
        lock (_order)
        {
            TItem? before;
            lock (_lock)
                before = Exchange(key, item);
            if (before is not null || item is not null)
                Changed?.Invoke(key, before, item);
        }
    }

    /// <summary>Takes <paramref name="items"/> for all there is, in <paramref name="namespace"/> or (null) everywhere.</summary>
    public void Replace(string? @namespace, IReadOnlyDictionary<ObjectKey, TItem> items)
    {
        ObjectKey[] known;
        lock (_lock)
        {
            known = [.. _items.Where(n => @namespace is null || n.Key == @namespace)
                .SelectMany(n => n.Value.Keys.Select(name => new ObjectKey(n.Key, name)))];
        }

        foreach (var gone in known.Where(k => !items.ContainsKey(k)))
            Set(gone, null);
        foreach (var (key, item) in items)
            Set(key, item);
    }

    private TItem? Exchange(ObjectKey key, TItem? item)
    {
        if (!_items.TryGetValue(key.Namespace, out var names))
        {
            if (item is null)
                return null;
            _items[key.Namespace] = names = new Dictionary<string, TItem>(StringComparer.Ordinal);
        }

        var before = names.GetValueOrDefault(key.Name);
        if (item is not null)
            names[key.Name] = item;
        else if (names.Remove(key.Name) && names.Count == 0)
            _items.Remove(key.Namespace);
        _count += (item is null ? 0 : 1) - (before is null ? 0 : 1);
        return before;
    }
}
