using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Watching;

/// <summary>Works a queue off, a bounded number of keys at a time. A key that fails disturbs no other.</summary>
/// <param name="queue">What is to be done.</param>
/// <param name="work">Does it; gives when to look at the key again, if at all.</param>
/// <param name="observe">Is told how each went, and how long it took.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where failures are told.</param>
internal sealed partial class Workers<TKey>(
    WorkQueue<TKey> queue, Func<TKey, CancellationToken, Task<TimeSpan?>> work, Action<TKey, bool, TimeSpan> observe, TimeProvider time, ILogger logger)
    where TKey : notnull
{
    /// <summary>Runs <paramref name="count"/> workers until <paramref name="stop"/>, which ends work under way too.</summary>
    public Task RunAsync(int count, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(() => LoopAsync(stop), CancellationToken.None)));

    private async Task LoopAsync(CancellationToken stop)
    {
        try
        {
            while (true)
                await WorkAsync(await queue.TakeAsync(stop), stop);
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }

    private async Task WorkAsync(TKey key, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        try
        {
            var again = await work(key, stop);
            queue.Forget(key);
            if (again is { } delay)
                queue.AddAfter(key, delay);
            observe(key, true, time.GetElapsedTime(start));
        }
        catch (Exception e)
        {
            stop.ThrowIfCancellationRequested();
            var delay = queue.Retry(key);
            // Two writers met, or the object went away: the next look settles it.
            if (e is KubeApiException { IsConflict: true } or KubeApiException { IsNotFound: true })
                LogRaced($"{key}", e.Message);
            else
                LogFailed($"{key}", delay.TotalSeconds, e is KubeApiException or HttpRequestException or TimeoutException ? e.Message : e.ToString());
            observe(key, false, time.GetElapsedTime(start));
        }
        finally
        {
            queue.Done(key);
        }
    }

    [LoggerMessage(6111, LogLevel.Warning, "{Key} could not be reconciled, next try in {Seconds:0.0} s: {Reason}")]
    private partial void LogFailed(string key, double seconds, string reason);

    [LoggerMessage(6112, LogLevel.Debug, "{Key} changed meanwhile, it is looked at again: {Reason}")]
    private partial void LogRaced(string key, string reason);
}
