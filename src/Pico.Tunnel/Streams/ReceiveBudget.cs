namespace Pico.Tunnel.Streams;

/// <summary>
/// What the receive windows of all streams of one tunnel, or of several, may add up to. Knows no clock; safe from any thread.
/// The hard bound of the data that they buffer is <c>total + minimum × streams</c>.
/// </summary>
/// <param name="total">In bytes.</param>
public sealed class ReceiveBudget(long total)
{
    private readonly Lock _lock = new(); // taken with a tunnel's gate held
    private readonly long _pressed = total / 16;
    private long _remaining = total;

    /// <summary>True when so little is left that windows shrink as they are used.</summary>
    internal bool IsPressed => Volatile.Read(ref _remaining) < _pressed;

    /// <summary>
    /// The first window of a new stream: a sixteenth of what is left, so that many streams leave room for the busy ones to grow,
    /// between the minimum (also when nothing is left) and the initial window.
    /// </summary>
    internal int TakeInitial(TunnelOptions options)
    {
        lock (_lock)
        {
            var window = (int)Math.Clamp(_remaining / 16, options.MinWindow, options.InitialWindow);
            _remaining -= window;
            return window;
        }
    }

    /// <summary>Takes up to <paramref name="wanted"/> for growth, at most half of what is left; gives what was taken.</summary>
    internal int TakeGrowth(int wanted)
    {
        lock (_lock)
        {
            var taken = (int)Math.Clamp(_remaining / 2, 0, wanted);
            _remaining -= taken;
            return taken;
        }
    }

    /// <summary>Gives back what a window shrank by, or a whole window when its stream is over.</summary>
    internal void Return(int size)
    {
        lock (_lock)
            _remaining += size;
    }
}
