namespace Pico.Tunnel.Connections;

/// <summary>The least of the samples of the present and the former span of time. Pure: told the time.</summary>
internal struct RecentMinimum(long span, long start)
{
    private long _bucketStart = start;
    private long _minimumNow = long.MaxValue;
    private long _minimumBefore = long.MaxValue;

    /// <summary>Notes a sample; gives the minimum.</summary>
    public long Add(long now, long sample)
    {
        if (now - _bucketStart >= span)
        {
            _bucketStart = now;
            _minimumBefore = _minimumNow;
            _minimumNow = long.MaxValue;
        }

        _minimumNow = Math.Min(_minimumNow, sample);
        return Math.Min(_minimumNow, _minimumBefore);
    }
}
