namespace Pico.Tunnel.Connections;

/// <summary>
/// What one thread writes to tunnels while it handles what one tunnel received: streams of the one are often joined with streams of the other (a relay), so that many
/// small frames in are many small frames out. They are sent together and by the same thread when it is through with what it received, which spares a batch the wake-up of
/// another thread, and lets it hold all of them.
/// </summary>
internal static class Burst
{
    [ThreadStatic]
    private static List<TunnelSender>? _senders;

    [ThreadStatic]
    private static int _depth;

    /// <summary>True between <see cref="Begin"/> and <see cref="End"/> on this thread.</summary>
    public static bool IsOn => _depth > 0;

    /// <summary>From here on senders may <see cref="TryJoin"/>. Nothing is awaited before <see cref="End"/>.</summary>
    public static void Begin() => _depth++;

    /// <summary>What joined is sent, on this thread as far as transports do not wait. Of bursts within a burst the outermost sends.</summary>
    public static void End()
    {
        if (_depth == 1 && _senders is { Count: > 0 } senders)
        {
            // Sending may cause a burst within this one, where a transport's other end is handled by this thread too.
            for (var i = 0; i < senders.Count; i++)
                senders[i].SendJoined();
            senders.Clear();
        }

        _depth--;
    }

    /// <summary>True if <paramref name="sender"/> is asked to send when the burst ends; false if there is none on this thread.</summary>
    public static bool TryJoin(TunnelSender sender)
    {
        if (_depth == 0)
            return false;
        (_senders ??= []).Add(sender);
        return true;
    }
}
