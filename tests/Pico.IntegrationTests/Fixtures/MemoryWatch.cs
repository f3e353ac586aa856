namespace Pico.IntegrationTests.Fixtures;

/// <summary>Looks again and again at how much memory processes hold, and keeps the most that was seen.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly (string Name, BackgroundProcess Process, long Before)[] _processes;
    private readonly long[] _most;
    private readonly Task _watching;

    private MemoryWatch((string Name, BackgroundProcess Process)[] processes)
    {
        _processes = [.. processes.Select(p => (p.Name, p.Process, p.Process.ResidentBytes))];
        _most = [.. _processes.Select(p => p.Before)];
        _watching = WatchAsync();
    }

    /// <summary>Begins to look at the server and the agent of <paramref name="pico"/>.</summary>
    public static MemoryWatch Start(Deployment pico) => new([("server", pico.Server.Process), ("agent", pico.Agent.Process)]);

    /// <summary>By how many MiB the memory of each process has grown at the most.</summary>
    public IEnumerable<(string Name, long MiB)> Growth => _processes.Select((p, i) => (p.Name, (Volatile.Read(ref _most[i]) - p.Before) >> 20));

    /// <summary>Fails if the memory of a process has grown by more than <paramref name="mebibytes"/> at any time.</summary>
    public void GrewAtMost(long mebibytes) => Assert.All(Growth, growth => Assert.True(
        growth.MiB <= mebibytes, $"The {growth.Name} has grown by {growth.MiB} MiB, allowed are {mebibytes}."));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        try
        {
            do
            {
                for (var i = 0; i < _processes.Length; i++)
                    Volatile.Write(ref _most[i], Math.Max(_most[i], _processes[i].Process.ResidentBytes));
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }
}
