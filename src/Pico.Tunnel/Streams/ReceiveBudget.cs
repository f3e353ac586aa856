namespace Pico.Tunnel.Streams;

/// <summary>
/// What the receive windows of all streams of one tunnel may add up to. Pure; guarded by the tunnel's gate.
/// The hard bound of a tunnel's buffered data is <c>total + minimum × streams</c>.
/// </summary>
internal sealed class ReceiveBudget(TunnelOptions options)
{
    private long _remaining = options.ReceiveBudget;

    /// <summary>True when so little is left that windows shrink as they are used.</summary>
    public bool IsPressed => _remaining < options.ReceiveBudget / 16;

    /// <summary>
    /// The first window of a new stream: a sixteenth of what is left, so that many streams leave room for the busy ones to grow,
    /// between the minimum (also when nothing is left) and the initial window.
    /// </summary>
    public int TakeInitial()
    {
        var window = (int)Math.Clamp(_remaining / 16, options.MinWindow, options.InitialWindow);
        _remaining -= window;
        return window;
    }

    /// <summary>Takes up to <paramref name="wanted"/> for growth, at most half of what is left; gives what was taken.</summary>
    public int TakeGrowth(int wanted)
    {
        var taken = (int)Math.Clamp(_remaining / 2, 0, wanted);
        _remaining -= taken;
        return taken;
    }

    /// <summary>Gives back what a window shrank by, or a whole window when its stream is over.</summary>
    public void Return(int size) => _remaining += size;
}
