using System.Collections.Concurrent;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>Starts requests at a fixed rate, whether earlier ones have ended or not, until it is stopped; counts them and keeps every failure.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _requests = [];
    private readonly Task _running;

    private SteadyLoad(int perSecond, Func<Task> request) => _running = RunAsync(perSecond, request);

    /// <summary>Why requests failed.</summary>
    public ConcurrentQueue<string> Failures { get; } = [];

    /// <summary>How many requests were started.</summary>
    public int Count => _requests.Count;

    /// <summary>How long it has run, once stopped.</summary>
    public TimeSpan Duration { get; private set; }

    public static SteadyLoad Start(int perSecond, Func<Task> request) => new(perSecond, request);

    /// <summary>Starts no more, and waits until the last request has ended.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await Task.WhenAll(_requests);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int perSecond, Func<Task> request)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!_stop.IsCancellationRequested)
        {
            // What a busy machine made late is caught up.
            var due = (int)(TimeProvider.System.GetElapsedTime(start).TotalSeconds * perSecond);
            while (_requests.Count < due)
                _requests.Add(TryAsync(request));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }

        Duration = TimeProvider.System.GetElapsedTime(start);
    }

    private async Task TryAsync(Func<Task> request)
    {
        await Task.Yield();
        try
        {
            await request();
        }
        catch (Exception e)
        {
            Failures.Enqueue(e.ToString());
        }
    }
}
