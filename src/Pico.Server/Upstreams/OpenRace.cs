using System.Diagnostics;
using System.Net;
using Pico.Tunnel;

namespace Pico.Server.Upstreams;

/// <summary>
/// The opens of one request that are under way: usually one, and another for each share of the time in which nobody said anything. Used by one caller at a time.
/// </summary>
/// <param name="client">The client's address, if the stream is for this client's connection alone.</param>
/// <param name="trace">The span that the stream is for, if any.</param>
/// <param name="cancel">Ends those that are under way; the caller disposes of it.</param>
/// <param name="time">The clock.</param>
internal sealed class OpenRace(IPEndPoint? client, ActivityContext trace, CancellationTokenSource cancel, TimeProvider time)
{
    private readonly List<OpenAttempt> _running = new(1);

    /// <summary>True while none is under way.</summary>
    public bool IsOver => _running.Count == 0;

    /// <summary>Begins an open.</summary>
    public void Begin(Upstream upstream) => _running.Add(new OpenAttempt(upstream, time.GetTimestamp(), OpenAsync(upstream)));

    /// <summary>Gives one that has ended, which is none of those under way any more; null if nobody has said anything for <paramref name="share"/>.</summary>
    public async ValueTask<OpenAttempt?> NextAsync(TimeSpan share)
    {
        Task ended = _running.Count == 1 ? _running[0].Stream : Task.WhenAny(_running.Select(a => a.Stream));
        await ended.WaitAsync(share, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var index = _running.FindIndex(a => a.Stream.IsCompletedSuccessfully);
        if (index < 0)
            index = _running.FindIndex(a => a.Stream.IsCompleted);
        if (index < 0)
            return null;

        var found = _running[index];
        _running.RemoveAt(index);
        return found;
    }

    /// <summary>Ends those that are under way, and gives them; should one be accepted yet, its stream is closed.</summary>
    public IReadOnlyList<OpenAttempt> End()
    {
        if (_running.Count == 0)
            return [];
        cancel.Cancel();
        foreach (var attempt in _running)
            _ = CloseAsync(attempt.Stream);
        return _running;
    }

    // In a method of its own an upstream that throws at once fails as any other.
    private async Task<TunnelStream> OpenAsync(Upstream upstream) => await upstream.OpenAsync(client, trace, cancel.Token);

    private static async Task CloseAsync(Task<TunnelStream> opening)
    {
        try
        {
            await using var stream = await opening;
        }
        catch (Exception)
        {
            // As it should.
        }
    }
}
