namespace Pico.Cli.Bench;

/// <summary>Sends requests one after the other; its own connection. What goes wrong is an <see cref="Answer"/> too, unless it was cancelled.</summary>
internal interface IRequestSender : IDisposable
{
    /// <summary>Sends one and takes the whole answer.</summary>
    Task<Answer> SendAsync(CancellationToken cancellationToken);
}

/// <summary>
/// A run: as many senders as there are connections, each of which (1) waits for its turn, (2) sends a request and (3) counts what became of it, until the <see cref="Pace"/> has no turn
/// any more. A request on its way is then waited for; a stop leaves it, uncounted.
/// </summary>
internal sealed class BenchRun(Pace pace, TimeProvider time)
{
    // Refusals come at once: without a pause a server that is down would be asked as fast as the machine goes.
    private static readonly TimeSpan PauseAfterRefusal = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs to the end, or to what was measured until <paramref name="stop"/>.</summary>
    public async Task<BenchResult> RunAsync(IReadOnlyList<IRequestSender> senders, CancellationToken stop)
    {
        var result = new BenchResult();
        foreach (var part in await Task.WhenAll(senders.Select(s => SendAsync(s, stop))))
            result.Add(part);
        result.Elapsed = pace.Elapsed;
        result.Missed = pace.Missed(result.Requests);
        return result;
    }

    private async Task<BenchResult> SendAsync(IRequestSender sender, CancellationToken stop)
    {
        var result = new BenchResult();
        try
        {
            while (await pace.NextAsync(stop) is { } since) // 1.
            {
                var answer = await sender.SendAsync(stop); // 2.
                result.Count(answer, pace.Elapsed - since); // 3.
                if (answer.IsRefusal)
                    await Task.Delay(PauseAfterRefusal, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was measured so far counts.
        }

        return result;
    }
}
