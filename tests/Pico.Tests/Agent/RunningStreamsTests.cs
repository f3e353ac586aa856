using Pico.Agent.Forwarding;

namespace Pico.Tests.Agent;

public sealed class RunningStreamsTests
{
    [Fact]
    public async Task WhenNone_WaitsUntilTheLastStreamHasEnded()
    {
        var running = new RunningStreams();
        await running.WhenNoneAsync(CancellationToken.None);
        running.Begin();
        running.Begin();
        var none = running.WhenNoneAsync(CancellationToken.None);
        running.End();
        Assert.False(none.IsCompleted);
        Assert.Equal(1, running.Count);
        running.End();
        await none.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.Equal(0, running.Count);
    }

    [Fact]
    public async Task WhenNone_GivesUpWithItsToken()
    {
        var running = new RunningStreams();
        running.Begin();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WhenNoneAsync(new CancellationToken(canceled: true)));
    }
}
