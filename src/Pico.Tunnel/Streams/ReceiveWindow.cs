namespace Pico.Tunnel.Streams;

/// <summary>
/// How much the peer may send on one stream before the reader takes it. Pure: no clock, no lock.
/// It grows when the reader takes a quarter of it within half a round trip, i.e. when the sender is held back by the window and not by
/// the reader, so that it settles above the bandwidth-delay product; it shrinks when the tunnel's budget is used up.
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
    /// 0 is not known yet. Called with the tunnel's gate held.
    /// </summary>
    public int Update(long now, long roundTrip, int minimum, int maximum, ReceiveBudget budget)
    {
        var credit = Interlocked.Exchange(ref _taken, 0);
        var elapsed = now - _lastUpdate;
        _lastUpdate = now;

        if (budget.IsPressed)
        {
            var shrink = Math.Min(credit, Math.Min(Size / 2, Size - minimum));
            if (shrink > 0)
            {
                Size -= shrink;
                credit -= shrink;
                budget.Return(shrink);
            }
        }
        else if (Size < maximum && elapsed <= roundTrip / 2)
        {
            var growth = budget.TakeGrowth(Math.Min(Size, maximum - Size));
            Size += growth;
            credit += growth;
        }

        return credit;
    }
}
