using System.Globalization;

namespace Pico.Server.Admin.Events;

/// <summary>
/// The last events of this node: a ring of bounded size, from which everybody who listens reads at a pace of his own. Nothing is kept for a listener, so a slow one costs
/// nothing and misses what the ring has forgotten. Any thread; adding never waits for anybody.
/// </summary>
internal sealed class EventLog(TimeProvider time)
{
    /// <summary>How many are remembered.</summary>
    public const int Capacity = 1000;

    /// <summary>How much of a message is kept, in characters.</summary>
    public const int MaxText = 300;

    // Of one kind: so many at once, and so many per second from then on; two thousand agents that come back at once must not push everything else out.
    private const int Burst = 100;
    private const int PerSecond = 5;

    private readonly string _life = time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);
    private readonly Lock _gate = new();
    private readonly ServerEvent?[] _ring = new ServerEvent?[Capacity]; // under _gate
    private readonly (double Tokens, long At, int Suppressed)[] _kinds = NewKinds(time); // under _gate
    private readonly long[] _counts = new long[Enum.GetValues<EventKind>().Length];
    private long _next; // the number of the next event; under _gate
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously); // under _gate

    /// <summary>How many of that kind there were, kept or not.</summary>
    public long CountOf(EventKind kind) => Volatile.Read(ref _counts[(int)kind]);

    /// <summary>Adds an event.</summary>
    public void Add(EventKind kind, EventLevel level, string subject, string message)
    {
        Interlocked.Increment(ref _counts[(int)kind]);
        TaskCompletionSource added;
        lock (_gate)
        {
            ref var ofKind = ref _kinds[(int)kind];
            var now = time.GetTimestamp();
            ofKind.Tokens = Math.Min(Burst, ofKind.Tokens + (PerSecond * time.GetElapsedTime(ofKind.At, now).TotalSeconds));
            ofKind.At = now;
            if (ofKind.Tokens < 1)
            {
                ofKind.Suppressed++;
                return;
            }

            ofKind.Tokens--;
            var number = _next++;
            _ring[number % Capacity] = new ServerEvent(IdOf(number), time.GetUtcNow(), kind, level, Cut(subject), Cut(message), ofKind.Suppressed);
            ofKind.Suppressed = 0;
            added = _added;
            _added = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        added.SetResult();
    }

    /// <summary>
    /// Gives the events after the one with the ID <paramref name="after"/>, <paramref name="limit"/> at the most: the oldest of them. Null, or an ID of another life of the
    /// node, is before all.
    /// </summary>
    public EventPage Read(string? after, int limit)
    {
        lock (_gate)
        {
            var from = NumberAfter(after);
            var first = Math.Max(from, Math.Max(0, _next - Capacity));
            var items = new List<ServerEvent>();
            for (var number = first; number < _next && items.Count < limit; number++)
                items.Add(_ring[number % Capacity]!);
            return new EventPage(items, after is null ? 0 : first - from);
        }
    }

    /// <summary>Gives the last events, <paramref name="limit"/> at the most, the oldest of them first.</summary>
    public EventPage ReadLast(int limit)
    {
        lock (_gate)
        {
            var first = Math.Max(0, _next - Math.Min(limit, Capacity));
            var items = new List<ServerEvent>();
            for (var number = first; number < _next; number++)
                items.Add(_ring[number % Capacity]!);
            return new EventPage(items, Missed: 0);
        }
    }

    /// <summary>Completes when there is an event after the one with the ID <paramref name="after"/>.</summary>
    public Task WhenAfter(string? after)
    {
        lock (_gate)
            return NumberAfter(after) < _next ? Task.CompletedTask : _added.Task;
    }

    private static string Cut(string text) => text.Length <= MaxText ? text : string.Concat(text.AsSpan(0, MaxText - 1), "…");

    private static (double, long, int)[] NewKinds(TimeProvider time)
    {
        var kinds = new (double Tokens, long At, int Suppressed)[Enum.GetValues<EventKind>().Length];
        Array.Fill(kinds, (Burst, time.GetTimestamp(), 0));
        return kinds;
    }

    private string IdOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{_life}-{number}");

    private long NumberAfter(string? id)
    {
        if (id is null || id.LastIndexOf('-') is var dash && (dash < 0 || !id.AsSpan(0, dash).SequenceEqual(_life)))
            return 0;
        return long.TryParse(id.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < _next ? number + 1 : 0;
    }
}
