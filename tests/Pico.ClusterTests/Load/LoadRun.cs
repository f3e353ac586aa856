using System.Net.Http.Json;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Load;

/// <summary>
/// Requests to one endpoint, spread over the ready servers, half of them POSTs, one in 20 slow. Failed is whatever is not answered 200 with the
/// right text within a minute; refused connections, resets and Pico's own errors all count, nothing is tried again.
/// </summary>
internal sealed class LoadRun(HttpClient generator, string name, int rate) : IAsyncDisposable
{
    private static readonly TimeSpan BeforeAnotherTry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private bool _isOver;

    /// <summary>Begins it; completes when a second's requests have ended.</summary>
    public async Task BeginAsync(string endpoint, string through)
    {
        using var begun = await generator.PostAsync($"/runs/{name}?endpoint={endpoint}&rate={rate}&through={through}", null);
        begun.EnsureSuccessStatusCode();
        await Deadline.UntilAsync("requests are answered", Patience, async token => (await ReportAsync(token)).Ended >= rate);
    }

    /// <summary>What has become of the requests so far.</summary>
    public async Task<LoadOutcome> ReportAsync(CancellationToken cancellationToken = default)
    {
        using var patience = Deadline.After(Patience);
        while (true)
        {
            try
            {
                return (await generator.GetFromJsonAsync<LoadOutcome>($"/runs/{name}", cancellationToken))!;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested && !patience.Token.IsCancellationRequested)
            {
                // By way of the API server and a kubelet, which are busy while much else starts and ends.
                await Task.Delay(BeforeAnotherTry, TimeProvider.System, patience.Token);
            }
        }
    }

    /// <summary>Lets it run for a while.</summary>
    public async Task WaitAsync(TimeSpan time)
    {
        var until = (await ReportAsync()).Seconds + time.TotalSeconds;
        await Deadline.UntilAsync("requests are sent", time + Patience, async token => (await ReportAsync(token)).Seconds >= until);
    }

    /// <summary>Begins no more, waits for what runs, and says what became of all.</summary>
    public async Task<LoadOutcome> EndAsync()
    {
        using var ended = await generator.DeleteAsync($"/runs/{name}");
        var seconds = (await ended.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<LoadOutcome>())!.Seconds;
        await Deadline.UntilAsync("every request has ended", Patience, async token => (await ReportAsync(token)).IsOver);
        _isOver = true;
        var outcome = await ReportAsync() with { Seconds = seconds };
        return outcome;
    }

    /// <summary>Ends it; fails the test if a request failed, or if there were not requests all the time.</summary>
    public async Task EndWithoutFailureAsync()
    {
        var outcome = await EndAsync();
        TestContext.Current.SendDiagnosticMessage($"{TestContext.Current.TestMethod?.MethodName}: {outcome}");
        Assert.True(outcome.Failures.Count == 0, outcome.ToString());
        Assert.InRange(outcome.Begun / outcome.Seconds, rate * 0.9, double.MaxValue);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isOver)
            (await generator.DeleteAsync($"/runs/{name}")).Dispose();
    }
}
