using System.Numerics;

namespace Pico.Cli.Bench;

/// <summary>
/// Counts times in buckets that are never wider than 1/128 of what they hold, from a microsecond to an hour, so a percentile is right to 0.8 % however many times were recorded:
/// <code>
///   µs   0 … 255        each its own bucket
///        256 … 511      by 2
///        512 … 1023     by 4, and so on
/// </code>
/// Not safe for several threads: each has its own, and they are added together at the end.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int PrecisionBits = 7;
    private const int SubBuckets = 1 << PrecisionBits;

    private static readonly long Greatest = (long)TimeSpan.FromHours(1).TotalMicroseconds;

    private readonly long[] _counts = new long[IndexOf(Greatest) + 1];
    private double _sum;

    /// <summary>How many times were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest one, exactly.</summary>
    public TimeSpan Max { get; private set; }

    /// <summary>The mean, exactly; zero if there are none.</summary>
    public TimeSpan Mean => Count == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(_sum / Count);

    /// <summary>Records a time.</summary>
    public void Record(TimeSpan time)
    {
        var micros = Math.Clamp((long)time.TotalMicroseconds, 0, Greatest);
        _counts[IndexOf(micros)]++;
        _sum += time.TotalMicroseconds;
        Count++;
        Max = time > Max ? time : Max;
    }

    /// <summary>Adds what <paramref name="other"/> has recorded.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        _sum += other._sum;
        Count += other.Count;
        Max = other.Max > Max ? other.Max : Max;
    }

    /// <summary>The time that <paramref name="percent"/> (0 to 100) of the recorded ones do not exceed; zero if there are none.</summary>
    public TimeSpan Percentile(double percent)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(percent / 100 * Count));
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
                return TimeSpan.FromMicroseconds(Math.Min(LastOf(i), Max.TotalMicroseconds));
        }

        return TimeSpan.Zero;
    }

    // How far the value is shifted to have 8 bits, of which the highest is set (but for the least ones).
    private static int IndexOf(long micros)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)micros | 1) - PrecisionBits);
        return (shift * SubBuckets) + (int)(micros >> shift);
    }

    private static long LastOf(int index)
    {
        var shift = Math.Max(0, (index / SubBuckets) - 1);
        return ((index - ((long)shift * SubBuckets) + 1) << shift) - 1;
    }
}
