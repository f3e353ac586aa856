namespace Pico.IntegrationTests.Fixtures;

/// <summary>Every wait of a test ends: at its own deadline, or when the test is cancelled.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _linked;

    private Deadline(TimeSpan after)
    {
        _timer = new(after, TimeProvider.System);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, TestContext.Current.CancellationToken);
    }

    /// <summary>Cancelled at the deadline or with the test.</summary>
    public CancellationToken Token => _linked.Token;

    /// <summary>A deadline <paramref name="time"/> from now.</summary>
    public static Deadline After(TimeSpan time) => new(time);

    /// <summary>Asks <paramref name="condition"/> again and again until it holds; fails with <paramref name="what"/> after <paramref name="time"/>.</summary>
    public static async Task UntilAsync(string what, TimeSpan time, Func<CancellationToken, Task<bool>> condition)
    {
        using var deadline = After(time);
        try
        {
            while (!await condition(deadline.Token))
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline._timer.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {time}: {what}");
        }
    }

    /// <inheritdoc cref="UntilAsync(string, TimeSpan, Func{CancellationToken, Task{bool}})"/>
    public static Task UntilAsync(string what, TimeSpan time, Func<bool> condition) => UntilAsync(what, time, _ => Task.FromResult(condition()));

    public void Dispose()
    {
        _linked.Dispose();
        _timer.Dispose();
    }
}
