using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using Pico.Server.Admin.Metrics;
using Pico.Server.Hosting;
using Pico.Server.Proxy;

namespace Pico.Server.Observing.AccessLogs;

/// <summary>
/// The access log:
/// <code>
///   request ─ Rent ─▶ entry, filled while it is served ─ Submit ─▶ queue (at most Capacity) ─▶ one thread: text, output ─▶ the entry is rented again
///                                                           └─ full: dropped and counted
/// </code>
/// No request waits for it: the queue takes an entry or does not. The thread looks some times in a second while there is something, so that many entries are one
/// write, and sleeps else. It is started when the log is first switched on.
/// </summary>
internal sealed partial class AccessLog : IDisposable
{
    /// <summary>How many entries wait at the most.</summary>
    public const int Capacity = 8192;

    // As many as may wait, so that a burst makes entries once only.
    private const int MaxPooled = Capacity;
    private const int WriteSize = 64 * 1024;
    private const int FirstServerError = 500;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    // What a stopping server waits for an output that takes nothing.
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(2);

    private readonly ObjectPool<AccessEntry> _pool = new DefaultObjectPool<AccessEntry>(new EntryPolicy(), MaxPooled);
    private readonly ConcurrentQueue<AccessEntry> _queue = new();
    private readonly ManualResetEventSlim _hasSome = new();
    private readonly ManualResetEventSlim _over = new();
    private readonly Lock _changing = new();
    private readonly AccessLogOutput _output;
    private readonly AccessLine _line;
    private readonly ILogger<AccessLog> _logger;
    private readonly long _slow;
    private readonly TimeProvider _time;
    private readonly (bool IsEnabled, double Sample) _configured;
    private (bool IsEnabled, double Sample) _lasting; // under _changing
    private ITimer? _end;    // under _changing
    private Thread? _writer; // under _changing
    private volatile bool _isEnabled;
    private double _sample;
    private int _waiting;
    private long _written;
    private long _dropped;

    public AccessLog(AccessLogOptions options, NodeIdentity node, IMeterFactory meters, TimeProvider time, ILogger<AccessLog> logger)
    {
        _logger = logger;
        _time = time;
        _configured = (options.IsEnabled, options.Sample);
        _output = new AccessLogOutput(options.Output, time);
        _line = AccessLine.Create(options, node.Id, time.TimestampFrequency);
        _slow = options.Slow > TimeSpan.Zero ? (long)(options.Slow.TotalSeconds * time.TimestampFrequency) : long.MaxValue;
        var meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableCounter("pico.access_log.entries", () => Volatile.Read(ref _written), "{entry}", "Entries of the access log that were written.");
        meter.CreateObservableCounter("pico.access_log.dropped", () => Volatile.Read(ref _dropped), "{entry}", "Entries of the access log that were lost: its output takes too little, or nothing.");
        Reset();
    }

    /// <summary>True if requests are logged.</summary>
    public bool IsEnabled => _isEnabled;

    /// <summary>The share of requests that are logged, 0 to 1.</summary>
    public double Sample => Volatile.Read(ref _sample);

    /// <summary>The headers of requests that are to be kept.</summary>
    public LoggedHeaders RequestHeaders => _line.RequestHeaders;

    /// <summary>The headers of responses that are to be kept.</summary>
    public LoggedHeaders ResponseHeaders => _line.ResponseHeaders;

    /// <summary>When what was set for a while ends; null: nothing was.</summary>
    public DateTimeOffset? Until { get; private set; }

    /// <summary>Entries that were written.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Entries that were lost.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>
    /// Switches the log, for requests that begin from now on, and sets which share of them is logged, 0 to 1; for good, or for a while, after which it is as it was
    /// before.
    /// </summary>
    public void Change(bool isEnabled, double sample, TimeSpan? duration = null)
    {
        lock (_changing)
        {
            _end?.Dispose();
            (_end, Until) = (null, null);
            if (duration is not { } length)
                _lasting = (isEnabled, sample);
            else if (!_over.IsSet)
            {
                Until = _time.GetUtcNow() + length;
                _end = _time.CreateTimer(static log => ((AccessLog)log!).OnEnd(), this, length, Timeout.InfiniteTimeSpan);
            }

            Apply(isEnabled, sample);
        }
    }

    /// <summary>Sets what was configured.</summary>
    public void Reset() => Change(_configured.IsEnabled, _configured.Sample);

    /// <summary>Gives an empty entry; the caller owes <see cref="Submit"/> or <see cref="Return"/>.</summary>
    public AccessEntry Rent() => _pool.Get();

    /// <summary>Takes an entry back that is not to be logged.</summary>
    public void Return(AccessEntry entry) => _pool.Return(entry);

    /// <summary>Logs an entry that is complete, if it is of the share that is logged, failed, or was slow.</summary>
    public void Submit(AccessEntry entry)
    {
        if (!IsWanted(entry))
        {
            _pool.Return(entry);
            return;
        }

        if (Interlocked.Increment(ref _waiting) > Capacity)
        {
            Interlocked.Decrement(ref _waiting);
            Interlocked.Increment(ref _dropped);
            _pool.Return(entry);
            return;
        }

        _queue.Enqueue(entry);
        Interlocked.MemoryBarrier(); // before the look, or the writer may sleep with something in the queue
        if (!_hasSome.IsSet)
            _hasSome.Set();
    }

    /// <summary>Writes what waits, for a while at the most.</summary>
    public void Dispose()
    {
        _isEnabled = false;
        _over.Set();
        _hasSome.Set();
        lock (_changing)
        {
            _end?.Dispose();
            if (!(_writer?.Join(FlushDeadline) ?? true))
                return; // it still uses them, and ends with the process
            _output.Dispose();
            _line.Dispose();
            _hasSome.Dispose();
            _over.Dispose();
        }
    }

    private bool IsWanted(AccessEntry entry) =>
        entry.Error != ProxyError.None || entry.Status >= FirstServerError || entry.EndedAt - entry.StartedAt >= _slow
        || Sample is var sample && (sample >= 1 || Random.Shared.NextDouble() < sample);

    private void OnEnd()
    {
        lock (_changing)
        {
            if (Until is not { } until || _time.GetUtcNow() < until)
                return; // something else was set meanwhile
            Until = null;
            Apply(_lasting.IsEnabled, _lasting.Sample);
        }
    }

    private void Apply(bool isEnabled, double sample)
    {
        Volatile.Write(ref _sample, sample);
        if (isEnabled && _writer is null && !_over.IsSet)
        {
            _writer = new Thread(WriteAll) { Name = "access log", IsBackground = true };
            _writer.Start();
        }

        _isEnabled = isEnabled && !_over.IsSet;
    }

    private void WriteAll()
    {
        var buffer = new ArrayBufferWriter<byte>(WriteSize * 2);
        var isBroken = false;
        while (true)
        {
            _hasSome.Wait();
            var isOver = _over.Wait(Pace);
            _hasSome.Reset();
            var count = 0;
            while (_queue.TryDequeue(out var entry))
            {
                Interlocked.Decrement(ref _waiting);
                _line.Write(buffer, entry);
                _pool.Return(entry);
                count++;
                if (buffer.WrittenCount >= WriteSize)
                    Flush(buffer, ref count, ref isBroken);
            }

            Flush(buffer, ref count, ref isBroken);
            if (isOver)
                return;
        }
    }

    private void Flush(ArrayBufferWriter<byte> buffer, ref int count, ref bool isBroken)
    {
        if (count == 0)
            return;
        try
        {
            _output.Write(buffer.WrittenSpan);
            Interlocked.Add(ref _written, count);
            isBroken = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Interlocked.Add(ref _dropped, count);
            if (!isBroken)
                LogBroken(exception.Message);
            isBroken = true;
        }

        buffer.ResetWrittenCount();
        count = 0;
    }

    [LoggerMessage(2851, LogLevel.Error, "The access log cannot be written, and entries are lost until it can: {Reason}")]
    private partial void LogBroken(string reason);

    private sealed class EntryPolicy : PooledObjectPolicy<AccessEntry>
    {
        public override AccessEntry Create() => new();

        public override bool Return(AccessEntry obj)
        {
            obj.Clear();
            return true;
        }
    }
}
