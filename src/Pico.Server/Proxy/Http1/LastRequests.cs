using Pico.Server.Hosting;

namespace Pico.Server.Proxy.Http1;

/// <summary>
/// How long idle kept connections are left open when the node drains. For the drain delay load balancers and clients still send requests over them: those are served,
/// each with <c>Connection: close</c>. A connection that closes meanwhile would lose one that is on its way, which a client may not send again (RFC 9112 9.3.1).
/// </summary>
internal sealed class LastRequests
{
    // For a request that is on its way.
    private static readonly int OnItsWay = Heartbeat.Ticks(Heartbeat.Tick);

    private readonly Heartbeat _heartbeat;
    private int _noticed;

    public LastRequests(NodeLifecycle lifecycle, ServerOptions options, Heartbeat heartbeat)
    {
        _heartbeat = heartbeat;
        lifecycle.DrainBegan += () => Volatile.Write(ref _noticed, heartbeat.After(Heartbeat.Ticks(options.DrainDelay) + OnItsWay));
    }

    /// <summary>When a connection closes that is idle until then, as a deadline of <see cref="Heartbeat"/>: at the end of the drain delay, and not at once.</summary>
    public int Deadline => Math.Max(Volatile.Read(ref _noticed), _heartbeat.After(OnItsWay));
}
