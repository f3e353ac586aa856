using Pico.Tunnel;
using Pico.Tunnel.Streams;

namespace Pico.Agent.Dialing;

/// <summary>What holds for every tunnel that this process dials.</summary>
internal static class DialedTunnels
{
    /// <summary>A process that dials has few tunnels, so each may wait with its buffer at hand.</summary>
    public static TunnelOptions Options { get; } = TunnelOptions.Default with
    {
        KeepsReceiveBuffer = true,
        // Idle streams keep theirs, and one that is busy soon has more.
        InitialWindow = 64 * 1024,
        // Services are often slower than what clients send: with 256 KiB uploads cost half as much CPU again.
        ModestWindow = 1024 * 1024,
        SharedBudget = new ReceiveBudget(ReceiveBudgetBytes),
    };

    /// <summary>
    /// What slow services can make an agent hold, beyond a least window for each stream. One stream may have nearly all of it: enough for a gigabit over a path of 100 ms.
    /// </summary>
    private const long ReceiveBudgetBytes = 20 * 1024 * 1024;
}
