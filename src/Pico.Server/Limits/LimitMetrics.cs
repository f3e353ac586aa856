using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Pico.Server.Admin.Metrics;

namespace Pico.Server.Limits;

/// <summary>Counts what hits a limit, and says so in the log, each limit once in <see cref="LogInterval"/>: a flood must not flood the log too.</summary>
internal sealed partial class LimitMetrics
{
    /// <summary>How often a limit is logged at the most.</summary>
    public static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly long[] _hits = new long[LimitNames.Count];
    private readonly long[] _loggedAt = new long[LimitNames.Count];
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public LimitMetrics(IMeterFactory meters, TimeProvider time, ILogger<LimitMetrics> logger)
    {
        (_time, _logger) = (time, logger);
        Array.Fill(_loggedAt, long.MinValue);
        meters.Create(ServerMetrics.MeterName).CreateObservableCounter("pico.limit.hits", Measure, "{hit}", "What a limit refused.");
    }

    /// <summary>A limit was hit, by whom, and how often so far: as often as it is logged.</summary>
    public event Action<Limit, string, long>? Reached;

    /// <summary>What was refused because of <paramref name="limit"/> so far.</summary>
    public long Hits(Limit limit) => Volatile.Read(ref _hits[(int)limit]);

    /// <summary>Something was refused. <paramref name="who"/> hit the limit: an endpoint, an address, a tunnel.</summary>
    public void Hit(Limit limit, string who)
    {
        Interlocked.Increment(ref _hits[(int)limit]);
        if (!IsLogDue(limit))
            return;
        LogHit(LimitNames.Of(limit), who, Hits(limit));
        Reached?.Invoke(limit, who, Hits(limit));
    }

    private bool IsLogDue(Limit limit)
    {
        ref var loggedAt = ref _loggedAt[(int)limit];
        var last = Volatile.Read(ref loggedAt);
        var now = _time.GetTimestamp();
        return (last == long.MinValue || _time.GetElapsedTime(last, now) >= LogInterval) && Interlocked.CompareExchange(ref loggedAt, now, last) == last;
    }

    private IEnumerable<Measurement<long>> Measure()
    {
        for (var i = 0; i < _hits.Length; i++)
            yield return new Measurement<long>(Volatile.Read(ref _hits[i]), new KeyValuePair<string, object?>("limit", LimitNames.Of((Limit)i)));
    }

    [LoggerMessage(2501, LogLevel.Warning, "The limit {Limit} was reached by {Who}; {Hits} refusals so far.")]
    private partial void LogHit(string limit, string who, long hits);
}
