namespace Pico.Tunnel.Connections;

/// <summary>
/// Whether the writes to a tunnel come one by one. Then a batch that waits for a thread to be woken gathers nothing, and the waiting is all that comes of it; writes
/// that come in a cluster are cheaper sent together. Guarded by the tunnel's gate.
/// </summary>
/// <param name="frequency">Ticks in a second of the timestamps.</param>
internal sealed class WriteSpacing(long frequency)
{
    /// <summary>So many writes in a row must have stood alone: one may do so among many.</summary>
    public const int MinAlone = 4;

    /// <summary>Closer than this, which is about what waking a thread takes, two would have shared a batch.</summary>
    private readonly long _near = frequency / 20_000; // 50 µs

    private uint _lastWriter;
    private long _last;
    private int _alone;

    /// <summary>
    /// Notes a write of the stream <paramref name="id"/>; true if writes come one by one. <paramref name="isBusy"/>: what was written before is still on its way out. One stream
    /// that writes again soon has waited for no other, however soon.
    /// </summary>
    public bool Note(uint id, long now, bool isBusy)
    {
        var isNear = isBusy || (id != _lastWriter && now - _last < _near);
        _alone = isNear ? 0 : Math.Min(_alone + 1, MinAlone);
        (_lastWriter, _last) = (id, now);
        return _alone == MinAlone;
    }
}
