using System.Net;
using Pico.Gossip.Core;

namespace Pico.Simulation;

/// <summary>An exchange of state over a connection: nothing gets lost, and it breaks when a side is gone, cut off or standing still.</summary>
internal sealed class SimulatedSync(SimulatedNetwork network, SimulatedNode caller, IPEndPoint to, ulong tag)
{
    private const int ConnectTimeout = 2000;
    private const int BytesPerMillisecond = 50_000;

    private SimulatedNode? _callee;
    private SyncConversation? _callerSide;
    private SyncConversation? _calleeSide;

    public void Start() => network.Schedule(network.Now + (2 * network.Delay()), Connect);

    private void Connect()
    {
        _callee = network.NodeAt(to);
        if (!caller.IsRunning || !network.Reaches(caller.Address, to) || _callee is null || _callee.IsFrozen || _callee.Core.Self.Tag != tag)
        {
            network.Schedule(network.Now + ConnectTimeout, () => End(complete: false));
            return;
        }

        _callerSide = caller.Core.OpenSync(isCaller: true);
        _calleeSide = _callee.Core.OpenSync(isCaller: false);
        Step();
    }

    private void Step()
    {
        if (_callerSide!.IsComplete && _calleeSide!.IsComplete)
        {
            End(complete: true);
            return;
        }

        if (IsBroken())
        {
            network.Schedule(network.Now + ConnectTimeout, () => End(complete: false));
            return;
        }

        var (writer, reader) = _callerSide.IsWriting ? (_callerSide, _calleeSide!) : (_calleeSide!, _callerSide);
        var frame = new byte[SyncConversation.MaxFrame];
        var length = writer.TryWrite(frame);
        if (length == 0 && !writer.IsBroken)
            throw new SimulationException("a side whose turn it is wrote nothing");
        network.Schedule(network.Now + network.Delay() + (length / BytesPerMillisecond), () =>
        {
            if (!IsBroken())
                reader.Receive(network.Now, frame.AsSpan(0, length));
            caller.Reschedule();
            _callee!.Reschedule();
            Step();
        });
    }

    private bool IsBroken() =>
        !caller.IsRunning || !_callee!.IsRunning || caller.IsFrozen || _callee.IsFrozen || !network.Reaches(caller.Address, to)
        || _callerSide!.IsBroken || _calleeSide!.IsBroken;

    private void End(bool complete)
    {
        if (!caller.IsRunning)
            return;
        caller.Core.SyncEnded(network.Now, complete);
        caller.Counters.SyncEnded(complete);
        caller.Reschedule();
    }
}
