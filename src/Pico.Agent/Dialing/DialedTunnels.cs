using Pico.Tunnel;

namespace Pico.Agent.Dialing;

/// <summary>What holds for every tunnel that this process dials.</summary>
internal static class DialedTunnels
{
    /// <summary>A process that dials has few tunnels, so each may wait with its buffer at hand.</summary>
    public static TunnelOptions Options { get; } = TunnelOptions.Default with { KeepsReceiveBuffer = true };
}
