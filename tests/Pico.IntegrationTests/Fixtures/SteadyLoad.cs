using System.Collections.Concurrent;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>Starts requests at a fixed rate, whether earlier ones have ended or not, until it is stopped; counts them and keeps every failure.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly Task _starting;
    private int _count;

    private SteadyLoad(int perSecond, Func<int, Task> request) => _starting = RunAsync(perSecond, request);

    /// <summary>Why requests failed.</summary>
    public ConcurrentQueue<string> Failures { get; } = [];

    /// <summary>How many requests were started.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How long it has run, once stopped.</summary>
    public TimeSpan Duration { get; private set; }

    /// <summary>Starts it; <paramref name="request"/> gets the request's number, from 0.</summary>
    public static SteadyLoad Start(int perSecond, Func<int, Task> request) => new(perSecond, request);

    /// <summary>Starts no more, and waits until the last request has ended. Idempotent.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _starting;
        await Task.WhenAll(_running);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int perSecond, Func<int, Task> request)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!_stop.IsCancellationRequested)
        {
            // What a busy machine made late is caught up.
            for (var due = (int)(TimeProvider.System.GetElapsedTime(start).TotalSeconds * perSecond); _count < due; Interlocked.Increment(ref _count))
                _running.Add(TryAsync(request, _count));
            _running.RemoveAll(r => r.IsCompleted);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }

        Duration = TimeProvider.System.GetElapsedTime(start);
    }

    private async Task TryAsync(Func<int, Task> request, int number)
    {
        await Task.Yield();
        try
        {
            await request(number);
        }
        catch (Exception e)
        {
            Failures.Enqueue(e.ToString());
        }
    }
}
