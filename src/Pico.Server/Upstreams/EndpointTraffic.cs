using System.Numerics;
using Pico.Server.Proxy;

namespace Pico.Server.Upstreams;

/// <summary>
/// What went through one endpoint in the last seconds, as counted at this node: a ring of seconds for rates, a ring of coarse histograms for durations. Counting takes
/// a few interlocked increments, no lock and no memory. A count that comes while its second is being made new may be lost: these are figures for people, not for bills.
/// </summary>
internal sealed class EndpointTraffic
{
    /// <summary>The seconds that rates are taken over, the one under way included.</summary>
    public const int Window = 10;

    private const int Seconds = 16; // a power of two, above Window
    private const int Slices = 4; // of histograms; a power of two
    private const int SliceShift = 2; // each of four seconds
    private const int Enough = 5; // requests of a second, to judge by them
    private const int LowestOctave = 6; // 64 µs; all that is below counts there
    private const int Buckets = 2 * 21; // two for each octave, up to 134 s

    private readonly Second[] _seconds = new Second[Seconds];
    private readonly Slice[] _slices = new Slice[Slices];
    private long _failingSince; // a timestamp; 0 while the last request succeeded
    private long _lastErrorAt; // a timestamp
    private int _errorsInARow;
    private int _lastError; // status * 256 + ProxyError

    public EndpointTraffic()
    {
        for (var i = 0; i < Slices; i++)
            _slices[i].Counts = new int[Buckets];
    }

    /// <summary>True for what is the endpoint's fault or this node's: a status of 500 and above, or a response that the service broke off. Never what a client did.</summary>
    public static bool IsError(int status, ProxyError error) =>
        status >= 500 || error is ProxyError.UpstreamUnreachable or ProxyError.UpstreamProtocolError or ProxyError.UpstreamTimeout or ProxyError.NoAvailableUpstreams;

    /// <summary>Counts a request that has ended.</summary>
    /// <param name="now">The timestamp of its end.</param>
    /// <param name="frequency">How many timestamps make a second.</param>
    /// <param name="elapsed">How long it took, in the same unit; negative for what has no duration of interest.</param>
    /// <param name="status">Its HTTP status; 0 where there is none.</param>
    /// <param name="error">Pico's own error, if any.</param>
    public void Count(long now, long frequency, long elapsed, int status, ProxyError error)
    {
        var second = (int)(now / frequency); // a clock that is beyond that turns over, and nothing else
        ref var slot = ref _seconds[second & (Seconds - 1)];
        if (Volatile.Read(ref slot.Number) != second)
            slot.Renew(second);
        Interlocked.Increment(ref slot.Requests);
        if (IsError(status, error))
        {
            Interlocked.Increment(ref slot.Errors);
            Volatile.Write(ref _lastError, (status << 8) + (int)error);
            Volatile.Write(ref _lastErrorAt, now);
            Interlocked.Increment(ref _errorsInARow);
            Interlocked.CompareExchange(ref _failingSince, now, 0);
        }
        else if (Volatile.Read(ref _failingSince) != 0 && error != ProxyError.ClientGone)
        {
            Volatile.Write(ref _failingSince, 0);
            Volatile.Write(ref _errorsInARow, 0);
        }

        if (elapsed < 0)
            return;
        var number = second >> SliceShift;
        ref var slice = ref _slices[number & (Slices - 1)];
        if (Volatile.Read(ref slice.Number) != number)
            slice.Renew(number);
        Interlocked.Increment(ref slice.Counts[BucketOf((ulong)(elapsed * 1e6 / frequency))]);
    }

    /// <summary>The figures at the timestamp <paramref name="now"/>.</summary>
    public TrafficFigures Read(long now, long frequency)
    {
        var second = (int)(now / frequency);
        var (requests, errors) = (0, 0);
        var (current, before) = ((Requests: 0, Errors: 0), (Requests: 0, Errors: 0)); // of this second, and of the one before
        foreach (ref readonly var slot in _seconds.AsSpan())
        {
            var age = second - Volatile.Read(in slot.Number);
            if (age is < 0 or >= Window)
                continue;
            requests += slot.Requests;
            errors += slot.Errors;
            if (age == 0)
                current = (slot.Requests, slot.Errors);
            else if (age == 1)
                before = (slot.Requests, slot.Errors);
        }

        // What this second has says it alone as soon as it is enough.
        var recent = current.Requests >= Enough ? current : (Requests: current.Requests + before.Requests, Errors: current.Errors + before.Errors);

        var span = Window - 1 + ((now % frequency) / (double)frequency);
        var lastError = Volatile.Read(ref _lastError);
        return new TrafficFigures
        {
            RequestsPerSecond = requests / span,
            ErrorsPerSecond = errors / span,
            RecentErrorShare = recent.Requests < Enough ? 0 : (double)recent.Errors / recent.Requests,
            ErrorsInARow = Volatile.Read(ref _errorsInARow),
            FailingFor = Volatile.Read(ref _failingSince) is not 0 and var since ? Between(since, now, frequency) : null,
            SinceLastError = Between(Volatile.Read(ref _lastErrorAt), now, frequency),
            LastStatus = lastError >> 8,
            LastError = (ProxyError)(lastError & 0xff),
        };
    }

    /// <summary>The durations below which half and 99 of a hundred requests of the last 12 to 16 s stayed, to about a fifth; null if there were none.</summary>
    public (TimeSpan Median, TimeSpan P99)? Durations(long now, long frequency)
    {
        Span<int> counts = stackalloc int[Buckets];
        var total = 0;
        var number = (int)(now / frequency) >> SliceShift;
        foreach (ref readonly var slice in _slices.AsSpan())
        {
            if (number - Volatile.Read(in slice.Number) is < 0 or >= Slices)
                continue;
            for (var i = 0; i < Buckets; i++)
            {
                counts[i] += slice.Counts[i];
                total += slice.Counts[i];
            }
        }

        return total == 0 ? null : (Quantile(counts, total, 0.5), Quantile(counts, total, 0.99));
    }

    private static TimeSpan Between(long then, long now, long frequency) => TimeSpan.FromSeconds(Math.Max(0, now - then) / (double)frequency);

    private static int BucketOf(ulong microseconds)
    {
        var octave = BitOperations.Log2(microseconds | 1);
        return octave < LowestOctave ? 0 : Math.Min(Buckets - 1, (2 * (octave - LowestOctave)) + (int)((microseconds >> (octave - 1)) & 1));
    }

    private static TimeSpan Quantile(ReadOnlySpan<int> counts, int total, double share)
    {
        var left = share * total;
        for (var i = 0; ; i++)
        {
            if (left <= counts[i] || i == counts.Length - 1)
            {
                var from = LowerBound(i);
                return TimeSpan.FromMicroseconds(from + ((LowerBound(i + 1) - from) * Math.Clamp(left / Math.Max(1, counts[i]), 0, 1)));
            }

            left -= counts[i];
        }
    }

    private static double LowerBound(int bucket) => bucket == 0 ? 0 : (1L << (LowestOctave + (bucket / 2))) * (bucket % 2 == 0 ? 1 : 1.5);

    private struct Second
    {
        public int Number;
        public int Requests;
        public int Errors;

        public void Renew(int number)
        {
            var old = Volatile.Read(ref Number);
            if (old == number || Interlocked.CompareExchange(ref Number, number, old) != old)
                return; // somebody else did
            Volatile.Write(ref Requests, 0);
            Volatile.Write(ref Errors, 0);
        }
    }

    private struct Slice
    {
        public int Number;
        public int[] Counts;

        public void Renew(int number)
        {
            var old = Volatile.Read(ref Number);
            if (old != number && Interlocked.CompareExchange(ref Number, number, old) == old)
                Array.Clear(Counts);
        }
    }
}

/// <summary>The figures of <see cref="EndpointTraffic"/> at one moment.</summary>
internal readonly record struct TrafficFigures
{
    /// <summary>Requests that ended, per second, over <see cref="EndpointTraffic.Window"/> seconds.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Those of them that were errors, per second.</summary>
    public double ErrorsPerSecond { get; init; }

    /// <summary>The share of errors, 0 to 1, in this second, or this and the one before while this one has few requests; 0 if there are few in both.</summary>
    public double RecentErrorShare { get; init; }

    /// <summary>For how long every request was an error; null if the last one was not.</summary>
    public TimeSpan? FailingFor { get; init; }

    /// <summary>How many requests in a row were errors, up to the last.</summary>
    public int ErrorsInARow { get; init; }

    /// <summary>How long ago the last error was.</summary>
    public TimeSpan SinceLastError { get; init; }

    /// <summary>The status of the last error; 0 if there was none, or if it had no status.</summary>
    public int LastStatus { get; init; }

    /// <summary>Pico's own error then, if it was one.</summary>
    public ProxyError LastError { get; init; }
}
