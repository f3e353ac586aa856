namespace Pico.Server.Limits;

/// <summary>The loads of one key in a <see cref="LoadTable{TKey}"/>. Whoever rented it keeps it in the table.</summary>
internal sealed class KeyedLoad
{
    private const int Forgotten = -1;

    private int _renters;

    /// <summary>Requests and streams.</summary>
    public Load Requests { get; } = new();

    /// <summary>Connections.</summary>
    public Load Connections { get; } = new();

    /// <summary>Rents it once more; false if the table has forgotten it meanwhile.</summary>
    public bool TryRent()
    {
        var seen = Volatile.Read(ref _renters);
        while (seen != Forgotten)
        {
            var was = Interlocked.CompareExchange(ref _renters, seen + 1, seen);
            if (was == seen)
                return true;
            seen = was;
        }

        return false;
    }

    /// <summary>Gives it back.</summary>
    public void Return() => Interlocked.Decrement(ref _renters);

    /// <summary>Makes it one that nobody can rent, if nobody does and it is at rest.</summary>
    public bool TryForget(long now) =>
        Requests.IsAtRest(now) && Connections.IsAtRest(now) && Interlocked.CompareExchange(ref _renters, Forgotten, 0) == 0;
}
