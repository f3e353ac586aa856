using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace Pico.IntegrationTests.Cluster;

/// <summary>One request or session that failed. Times are since the traffic began.</summary>
internal sealed record Failure(string What, TimeSpan Began, TimeSpan Ended, string Reason)
{
    public override string ToString() => $"{Began.TotalSeconds:F2}–{Ended.TotalSeconds:F2} s {What}: {Reason}";
}

/// <summary>How the requests and sessions of the traffic ended.</summary>
/// <param name="patience">How many seconds each may take.</param>
internal sealed class TrafficLog(int patience = 20)
{
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private readonly ConcurrentQueue<Failure> _failures = [];
    private readonly ConcurrentDictionary<string, int> _succeeded = new();
    private int _exchanges;

    /// <summary>The time since the traffic began.</summary>
    public TimeSpan Now => TimeProvider.System.GetElapsedTime(_start);

    /// <summary>What failed.</summary>
    public IReadOnlyCollection<Failure> Failures => _failures;

    /// <summary>How many requests or sessions of each kind were answered.</summary>
    public IReadOnlyDictionary<string, int> Succeeded => _succeeded;

    /// <summary>Requests, and messages or lines of sessions, that were answered.</summary>
    public int Exchanges => Volatile.Read(ref _exchanges);

    /// <summary>A request was answered, or a session's message or line.</summary>
    public void Exchanged() => Interlocked.Increment(ref _exchanges);

    /// <summary>Runs one request or session, and keeps how it ended.</summary>
    public async Task TrackAsync(string what, Func<CancellationToken, Task> exchange)
    {
        var began = Now;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(patience), TimeProvider.System);
        try
        {
            await exchange(deadline.Token);
            _succeeded.AddOrUpdate(what, 1, (_, count) => count + 1);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or WebSocketException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            _failures.Enqueue(new(what, began, Now, e is OperationCanceledException ? $"no answer within {patience} s" : $"{e.Message} {e.InnerException?.Message}"));
        }
    }

    public override string ToString() =>
        $"{Exchanges} exchanges in {Now.TotalSeconds:F1} s ({Exchanges / Now.TotalSeconds:F0}/s); "
        + string.Join(", ", _succeeded.OrderBy(s => s.Key).Select(s => $"{s.Value} {s.Key}")) + $"; {_failures.Count} failed"
        + string.Concat(_failures.Take(40).Select(f => $"\n  {f}"));
}
