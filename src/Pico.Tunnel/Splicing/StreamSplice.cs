using Pico.Tunnel.Protocol;

namespace Pico.Tunnel.Splicing;

/// <summary>
/// Joins two byte connections until both directions have ended:
/// <code>
///   a.Input ──1▶ b.WriteAsync ──▶ b's peer
///   b.Input ──1▶ a.WriteAsync ──▶ a's peer
/// </code>
/// (1) What was read is written from where it lies; it is given back when the other side has taken it, so a slow side slows the other down.
/// (2) The end of one direction is passed on as a half-close; the other direction lives on.
/// (3) A failure of either ends both, as a reset: never as an orderly end. So does silence in both directions for longer than allowed.
/// </summary>
public sealed class StreamSplice
{
    /// <summary>What is written at once: a peer that takes so much within the idle time-out, however slowly, is alive.</summary>
    private const int MaxPiece = 64 * 1024;

    private readonly SpliceEnd _a;
    private readonly SpliceEnd _b;
    private readonly TimeSpan _idleTimeout;
    private readonly TimeProvider _time;
    private readonly SpliceBytes? _bytes;
    private long _lastBytes; // timestamp
    private int _error;      // the StreamError that came first; 0 while there is none

    private StreamSplice(SpliceEnd a, SpliceEnd b, TimeSpan idleTimeout, SpliceBytes? bytes, TimeProvider time)
    {
        (_a, _b, _idleTimeout, _bytes, _time) = (a, b, idleTimeout, bytes, time);
        _lastBytes = time.GetTimestamp();
    }

    /// <summary>
    /// Joins <paramref name="a"/> and <paramref name="b"/>. Never throws. Gives <see cref="StreamError.None"/> when both directions came to
    /// their orderly end, else what ended them; both are aborted then. The caller disposes of them.
    /// </summary>
    /// <param name="a">One side.</param>
    /// <param name="b">The other.</param>
    /// <param name="idleTimeout">How long both may be silent; zero: for ever.</param>
    /// <param name="bytes">Where what passes is counted; null: nowhere.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends both, as <see cref="StreamError.Cancelled"/>.</param>
    public static async Task<StreamError> RunAsync(SpliceEnd a, SpliceEnd b, TimeSpan idleTimeout, SpliceBytes? bytes, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        ArgumentNullException.ThrowIfNull(time);
        var splice = new StreamSplice(a, b, idleTimeout, bytes, time);
        await using var cancellation = cancellationToken.UnsafeRegister(static s => ((StreamSplice)s!).Fail(StreamError.Cancelled), splice).ConfigureAwait(false);
        // Both pumps may stand still in waits for the other side, which a reset of this one would not end.
        a.OnBroken(static s => ((StreamSplice)s!).FailBroken(), splice);
        b.OnBroken(static s => ((StreamSplice)s!).FailBroken(), splice);
        var watch = splice.WatchIdleness();
        var there = splice.PumpAsync(a, b);
        await splice.PumpAsync(b, a).ConfigureAwait(false);
        await there.ConfigureAwait(false);
        if (watch is not null)
            await watch.DisposeAsync().ConfigureAwait(false);
        return (StreamError)splice._error;
    }

    private async Task PumpAsync(SpliceEnd from, SpliceEnd to)
    {
        try
        {
            while (true)
            {
                var result = await from.Input.ReadAsync().ConfigureAwait(false);
                NoteBytes();
                for (var rest = result.Buffer; !rest.IsEmpty;) // 1
                {
                    var piece = rest.Slice(0, Math.Min(rest.Length, MaxPiece));
                    await to.WriteAsync(piece).ConfigureAwait(false);
                    NoteBytes();
                    _bytes?.Add(from == _a, piece.Length);
                    rest = rest.Slice(piece.End);
                }

                from.Input.AdvanceTo(result.Buffer.End);
                if (!result.IsCompleted)
                    continue;
                to.CompleteOutput(); // 2
                return;
            }
        }
        catch (Exception exception)
        {
            Fail(exception is StreamException broken ? OfBreak(broken.Error) : StreamError.ServiceReset); // 3
        }
    }

    private void NoteBytes() => Volatile.Write(ref _lastBytes, _time.GetTimestamp());

    private static StreamError OfBreak(StreamError error) => error == StreamError.TunnelLost ? StreamError.ServiceReset : error;

    private void FailBroken() => Fail(OfBreak(_a.Error != StreamError.None ? _a.Error : _b.Error));

    private void Fail(StreamError error)
    {
        Interlocked.CompareExchange(ref _error, (int)error, (int)StreamError.None);
        _a.Abort(error);
        _b.Abort(error);
    }

    // Looked at four times in the allowed time, so that bytes cost a time stamp and no timer.
    private ITimer? WatchIdleness() => _idleTimeout <= TimeSpan.Zero
        ? null
        : _time.CreateTimer(static s => ((StreamSplice)s!).Look(), this, _idleTimeout / 4, _idleTimeout / 4);

    private void Look()
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _lastBytes)) >= _idleTimeout)
            Fail(StreamError.IdleTimeout);
    }
}
