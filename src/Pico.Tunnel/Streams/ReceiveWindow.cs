namespace Pico.Tunnel.Streams;

/// <summary>How a window is used when its credit is due.</summary>
/// <param name="Now">The time; the round trips are in the same unit.</param>
/// <param name="RoundTrip">What a round trip takes lately, queues included; 0 is not known yet.</param>
/// <param name="PathRoundTrip">What it takes without them.</param>
/// <param name="Unread">What the reader left.</param>
internal readonly record struct WindowUse(long Now, long RoundTrip, long PathRoundTrip, long Unread);

/// <summary>
/// How much the peer may send on one stream before the reader takes it. Pure: no clock, no lock.
/// It grows when the reader takes a quarter of it within half a round trip, i.e. when the sender is held back by the window, so that it settles above the bandwidth-delay product:
/// to four times its size at first, to twice beyond <see cref="TunnelOptions.ModestWindow"/>. There the round trip that counts is the path's own (that of full queues would make them longer still, and everybody wait in them), and it grows only if the
/// reader has little left; it shrinks again while most of it lies unread: the reader is slower than the sender, and a larger window would only be memory. It shrinks below that when the
/// budget is used up.
/// </summary>
internal struct ReceiveWindow(int size)
{
    private int _taken;
    private long _lastUpdate;

    /// <summary>The window's size in bytes.</summary>
    public int Size { get; private set; } = size;

    /// <summary>
    /// The reader took <paramref name="bytes"/>. True when a quarter of the window was taken since the last update, so that
    /// <see cref="Update"/> is due. Called without the gate: by the reader, and once that has completed its input also by the tunnel, which throws away.
    /// </summary>
    public bool Take(int bytes) => Interlocked.Add(ref _taken, bytes) >= Size / 4;

    /// <summary>Gives the credit for the peer (0: none). Called with the tunnel's gate held.</summary>
    public int Update(WindowUse use, TunnelOptions options, ReceiveBudget budget)
    {
        var credit = Interlocked.Exchange(ref _taken, 0);
        var elapsed = use.Now - _lastUpdate;
        _lastUpdate = use.Now;

        if (budget.IsPressed)
            return credit - Shrink(Math.Min(credit, Size / 2), options.MinWindow, budget);
        // By half of the credit: a reader that stood still once, and has a full window before it, loses little of it.
        if (Size > options.ModestWindow && use.Unread > Size / 2)
            return credit - Shrink(credit / 2, options.ModestWindow, budget);
        var isHeldBack = Size < options.ModestWindow
            ? elapsed <= use.RoundTrip / 2
            : elapsed <= use.PathRoundTrip / 2 && use.Unread <= Size / 4;
        if (!isHeldBack || Size >= options.MaxWindow)
            return credit;
        var wanted = Size < options.ModestWindow ? Math.Min(3 * Size, options.ModestWindow - Size) : Math.Min(Size, options.MaxWindow - Size);
        var growth = budget.TakeGrowth(wanted);
        Size += growth;
        return credit + growth;
    }

    private int Shrink(int by, int least, ReceiveBudget budget)
    {
        by = Math.Clamp(Size - least, 0, by);
        Size -= by;
        budget.Return(by);
        return by;
    }
}
