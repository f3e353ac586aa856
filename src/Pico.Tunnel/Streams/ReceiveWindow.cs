namespace Pico.Tunnel.Streams;

/// <summary>
/// How much the peer may send on one stream before the reader takes it. Pure: no clock, no lock.
/// It grows when the reader takes a quarter of it within half a round trip and has little left, i.e. when the sender is held back by the window and not by
/// the reader, so that it settles above the bandwidth-delay product. It shrinks to its first size while most of it lies unread (the reader is slower than the sender, and a larger
/// window would only be memory), and below that when the tunnel's budget is used up.
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

    /// <summary>
    /// Gives the credit for the peer (0: none). <paramref name="now"/> and <paramref name="roundTrip"/> are in the same unit; a round trip of
    /// 0 is not known yet. <paramref name="unread"/> is what the reader left. Called with the tunnel's gate held.
    /// </summary>
    public int Update(long now, long roundTrip, long unread, TunnelOptions options, ReceiveBudget budget)
    {
        var credit = Interlocked.Exchange(ref _taken, 0);
        var elapsed = now - _lastUpdate;
        _lastUpdate = now;

        if (budget.IsPressed)
            return credit - Shrink(Math.Min(credit, Size / 2), options.MinWindow, budget);
        // By half of the credit: a reader that stood still once, and has a full window before it, loses little of it.
        if (unread > Size / 2)
            return credit - Shrink(credit / 2, options.InitialWindow, budget);
        if (Size >= options.MaxWindow || elapsed > roundTrip / 2 || unread > Size / 4)
            return credit;
        var growth = budget.TakeGrowth(Math.Min(Size, options.MaxWindow - Size));
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
