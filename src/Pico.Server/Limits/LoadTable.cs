using System.Collections.Concurrent;

namespace Pico.Server.Limits;

/// <summary>
/// Key → load, for keys that strangers choose: bounded, and those at rest are forgotten, every <see cref="SweepInterval"/> and when it is full.
/// A key that finds no room is not limited: whoever has that many addresses has many times one address's share anyway, and what guards the
/// endpoints and the node still does; refusing would let him shut everybody else out.
/// </summary>
internal sealed class LoadTable<TKey> : IAsyncDisposable
    where TKey : notnull
{
    /// <summary>How many keys are known at once by default: at most some 15 MB.</summary>
    public const int DefaultCapacity = 65_536;

    /// <summary>How often those at rest are forgotten.</summary>
    public static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<TKey, KeyedLoad> _loads = new();
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly ITimer _timer;
    private readonly Lock _sweeping = new();
    private int _count;
    private long _sweptAt; // under _sweeping

    public LoadTable(TimeProvider time, int capacity = DefaultCapacity)
    {
        (_time, _capacity) = (time, capacity);
        _sweptAt = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((LoadTable<TKey>)state!).Sweep(), this, SweepInterval, SweepInterval);
    }

    /// <summary>How many keys are known.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The load of <paramref name="key"/>, which the caller owes one <see cref="KeyedLoad.Return"/>; null if there is no room for it.</summary>
    public KeyedLoad? Rent(TKey key)
    {
        while (true)
        {
            if (_loads.TryGetValue(key, out var load) || TryAdd(key, out load))
            {
                if (load.TryRent())
                    return load;
                Remove(key, load); // whoever forgot it is about to
            }
            else
            {
                return null;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    // False: there is no room.
    private bool TryAdd(TKey key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out KeyedLoad? load)
    {
        load = null;
        if (Interlocked.Increment(ref _count) > _capacity && !MakeRoom())
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        var added = new KeyedLoad();
        load = _loads.GetOrAdd(key, added);
        if (load != added)
            Interlocked.Decrement(ref _count);
        return true;
    }

    private void Remove(TKey key, KeyedLoad load)
    {
        if (_loads.TryRemove(KeyValuePair.Create(key, load)))
            Interlocked.Decrement(ref _count);
    }

    /// <summary>Sweeps at once, but not more often than once a second: a flood of keys must not buy a look at all of them with each.</summary>
    private bool MakeRoom()
    {
        lock (_sweeping)
        {
            if (_time.GetElapsedTime(_sweptAt) >= TimeSpan.FromSeconds(1))
                Sweep();
        }

        return Count <= _capacity;
    }

    private void Sweep()
    {
        lock (_sweeping)
        {
            var now = _sweptAt = _time.GetTimestamp();
            foreach (var (key, load) in _loads)
            {
                if (load.TryForget(now))
                    Remove(key, load);
            }
        }
    }
}
