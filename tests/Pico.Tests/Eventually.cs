using Microsoft.Extensions.Time.Testing;

namespace Pico.Tests;

/// <summary>Waits for what tells nobody that it has happened, such as a counter.</summary>
internal static class Eventually
{
    private const int MostSteps = 100_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Completes when <paramref name="condition"/> is true; fails after half a minute.</summary>
    public static async Task TrueAsync(Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        while (!condition())
            await Task.Delay(Pause, TimeProvider.System, deadline.Token);
    }

    /// <summary>Lets <paramref name="time"/> run until <paramref name="end"/> has come: for what begins to wait at a moment that cannot be seen from outside.</summary>
    public static async Task DoneAsync(Task end, FakeTimeProvider time, TimeSpan step)
    {
        for (var i = 0; i < MostSteps && !end.IsCompleted; i++)
        {
            time.Advance(step);
            await Task.Yield();
        }
    }
}
