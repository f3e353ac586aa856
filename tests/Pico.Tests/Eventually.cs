namespace Pico.Tests;

/// <summary>Waits for what tells nobody that it has happened, such as a counter.</summary>
internal static class Eventually
{
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
}
