using System.Globalization;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Scale.Processes;

/// <summary>Requests at a steady rate, each to another endpoint at random and on a connection that may be a new one, by way of one node; and what became of them.</summary>
internal sealed class EndpointLoad : IAsyncDisposable
{
    private const int AtOnce = 256;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _url;
    private readonly int _endpoints;
    private readonly Task _sending;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int> _failures = new(StringComparer.Ordinal); // under _lock
    private long _sent;
    private long _failed;

    public EndpointLoad(PicoNode node, int endpoints, int perSecond, TimeProvider time)
    {
        _url = new Uri($"http://127.0.0.1:{node.Ports.Proxy}/");
        _endpoints = endpoints;
        _sending = SendAsync((int)Math.Max(1, perSecond * Pace.TotalSeconds), time);
    }

    /// <summary>Requests so far, those under way included.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Requests so far that were not answered as the service does.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>What they got instead, and how often.</summary>
    public string Failures
    {
        get
        {
            lock (_lock)
                return string.Join(", ", _failures.Select(failure => $"{failure.Value} × {failure.Key}"));
        }
    }

    /// <summary>Ends when every request is answered.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sending;
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task SendAsync(int each, TimeProvider time)
    {
        var running = new List<Task>();
        using var pace = new PeriodicTimer(Pace, time);
        while (!_stop.IsCancellationRequested)
        {
            running.RemoveAll(task => task.IsCompleted);
            for (var i = 0; i < each && running.Count < AtOnce; i++)
                running.Add(SendOneAsync(Random.Shared.Next(_endpoints)));
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        await Task.WhenAll(running);
    }

    private async Task SendOneAsync(int number)
    {
        Interlocked.Increment(ref _sent);
        var failure = "";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _url);
            request.Headers.Add(RunningTarget.EndpointHeader, AgentsVerb.EndpointId(number));
            using var answer = await _client.SendAsync(request, CancellationToken.None);
            if (!answer.IsSuccessStatusCode)
                failure = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
            else if (await answer.Content.ReadAsStringAsync(CancellationToken.None) != "ok")
                failure = "another answer";
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or IOException)
        {
            failure = exception is TaskCanceledException ? "no answer" : "no connection";
        }

        if (failure.Length == 0)
            return;
        Interlocked.Increment(ref _failed);
        lock (_lock)
            _failures[failure] = _failures.GetValueOrDefault(failure) + 1;
    }
}
