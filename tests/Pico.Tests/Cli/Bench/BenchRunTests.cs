using Microsoft.Extensions.Time.Testing;
using Pico.Cli.Bench;

namespace Pico.Tests.Cli.Bench;

/// <summary>When requests are sent, and from when on they count, by a clock that the test turns.</summary>
public sealed class BenchRunTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rate_WhileASlowAnswerKeepsTheConnection_CountsTheWaitOfThoseThatWereDue()
    {
        // Ten a second; the first answer takes a second, the others come at once.
        var pace = new Pace(rate: 10, requests: 5, TimeSpan.FromMinutes(1), _time);
        var sender = new Sender(i => Pass(i == 0 ? 1000 : 0));

        var result = await new BenchRun(pace, _time).RunAsync([sender], Cancel);

        // Due at 0, 100, 200, 300 and 400 ms; answered at 1000 ms all of them.
        Assert.Equal((5, 0), (result.Requests, result.Failed));
        Assert.Equal(800, result.Latency.Mean.TotalMilliseconds, 0.01);
        Assert.Equal(1000, result.Latency.Max.TotalMilliseconds, 0.01);
        Assert.InRange(result.Latency.Percentile(1).TotalMilliseconds, 600, 605);
    }

    [Fact]
    public async Task Rate_WithAFreeConnection_SendsEachRequestWhenItIsDue()
    {
        var pace = new Pace(rate: 10, requests: 4, TimeSpan.FromMinutes(1), _time);
        var sent = new List<double>();
        var sender = new Sender(_ => sent.Add(pace.Elapsed.TotalMilliseconds));

        var run = new BenchRun(pace, _time).RunAsync([sender], Cancel);
        TurnClockUntilEnd(run);

        Assert.Equal([0, 100, 200, 300], sent);
        Assert.Equal(TimeSpan.Zero, (await run).Latency.Max);
    }

    [Fact]
    public async Task Duration_WithAConnectionThatIsTooSlow_EndsAndTellsWhatWasNotSent()
    {
        var pace = new Pace(rate: 100, requests: 0, TimeSpan.FromSeconds(1), _time);
        var sender = new Sender(_ => Pass(300));

        var result = await new BenchRun(pace, _time).RunAsync([sender], Cancel);

        Assert.Equal((4, 96), (result.Requests, result.Missed));
        Assert.Equal(TimeSpan.FromSeconds(1.2), result.Elapsed);
    }

    [Fact]
    public async Task NoRate_SendsTheNextAsSoonAsAnAnswerIsThere()
    {
        var pace = new Pace(rate: 0, requests: 0, TimeSpan.FromSeconds(1), _time);
        var sender = new Sender(_ => Pass(100));

        var result = await new BenchRun(pace, _time).RunAsync([sender], Cancel);

        Assert.Equal((10, 0), (result.Requests, result.Missed));
        Assert.Equal(TimeSpan.FromMilliseconds(100), result.Latency.Max);
    }

    [Fact]
    public async Task Requests_OverManyConnections_AreExactlyThatMany()
    {
        var pace = new Pace(rate: 0, requests: 1000, TimeSpan.Zero, _time);

        var result = await new BenchRun(pace, _time).RunAsync([.. Enumerable.Range(0, 7).Select(_ => new Sender(_ => { }, isAsync: true))], Cancel);

        Assert.Equal(1000, result.Requests);
    }

    [Fact]
    public async Task Stop_WhileARequestIsOnItsWay_GivesWhatWasMeasured()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var pace = new Pace(rate: 0, requests: 0, TimeSpan.FromHours(1), _time);
        var sender = new Sender(i =>
        {
            if (i == 3)
                stop.Cancel();
        });

        var result = await new BenchRun(pace, _time).RunAsync([sender], stop.Token);

        Assert.Equal(3, result.Requests);
    }

    [Fact]
    public async Task Refusals_AreNotAskedForAgainAtOnceAndTheirTimeDoesNotCount()
    {
        var pace = new Pace(rate: 0, requests: 3, TimeSpan.Zero, _time);
        var sender = new Sender(_ => { }, new Answer(0, "connection error", 0));

        var run = new BenchRun(pace, _time).RunAsync([sender], Cancel);
        TurnClockUntilEnd(run);

        var result = await run;
        Assert.Equal((3, 3, 0), (result.Requests, result.Failed, result.Latency.Count));
        Assert.Equal(TimeSpan.FromMilliseconds(300), result.Elapsed);
        Assert.Equal(3, result.Problems["connection error"]);
    }

    private void Pass(double milliseconds) => _time.Advance(TimeSpan.FromMilliseconds(milliseconds));

    // What waits for this clock goes on within Advance, until it waits again.
    private void TurnClockUntilEnd(Task run)
    {
        for (var turns = 0; !run.IsCompleted; turns++)
        {
            Assert.True(turns < 1000, "The run waits for something else than the clock.");
            Pass(10);
        }
    }

    private sealed class Sender(Action<int> during, Answer? answer = null, bool isAsync = false) : IRequestSender
    {
        private int _sent;

        public async Task<Answer> SendAsync(CancellationToken cancellationToken)
        {
            if (isAsync)
                await Task.Yield();
            during(_sent++);
            cancellationToken.ThrowIfCancellationRequested();
            return answer ?? new Answer(200, "", 0);
        }

        public void Dispose()
        {
        }
    }
}
