using Microsoft.Extensions.Time.Testing;
using Pico.Kubernetes.Watching;

namespace Pico.Tests.Kubernetes;

public sealed class WorkQueueTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new WorkQueue<string>(_time);

    [Fact]
    public async Task Key_AddedSeveralTimes_WaitsOnce()
    {
        _queue.Add("a");
        _queue.Add("a");
        _queue.Add("b");

        Assert.Equal(2, _queue.Depth);
        Assert.Equal("a", await TakeAsync());
        Assert.Equal("b", await TakeAsync());
        Assert.Equal(0, _queue.Depth);
    }

    [Fact]
    public async Task Key_AddedWhileItIsWorkedOn_ComesAgainOnlyAfterwards()
    {
        _queue.Add("a");
        await TakeAsync();
        _queue.Add("a");

        var next = TakeAsync();
        Assert.False(next.IsCompleted);
        _queue.Done("a");

        Assert.Equal("a", await next);
    }

    [Fact]
    public void Failures_InARow_WaitLongerEachTime_UntilOneGoesWell()
    {
        var waits = Enumerable.Range(0, 12).Select(_ => _queue.Retry("a")).ToArray();
        _queue.Forget("a");

        Assert.InRange(waits[0].TotalMilliseconds, 125, 250);
        Assert.InRange(waits[5].TotalSeconds, 4, 8);
        Assert.InRange(waits[11].TotalSeconds, 60, 120);
        Assert.InRange(_queue.Retry("a").TotalMilliseconds, 125, 250);
    }

    [Fact]
    public async Task KeyForLater_IsAddedOnce_AtTheSoonestTime()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _queue.AddAfter("a", TimeSpan.FromSeconds(1));
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a", await TakeAsync());
        _queue.Done("a");
        _time.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal(0, _queue.Depth);
    }

    public void Dispose() => _queue.Dispose();

    private Task<string> TakeAsync() => _queue.TakeAsync(TestContext.Current.CancellationToken).AsTask();
}
