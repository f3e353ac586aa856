using Pico.Tunnel;

namespace Pico.Agent.Tunnels;

/// <summary>A tunnel that had been established ended, or must be replaced. <paramref name="wasLasting"/>: it had held for a while.</summary>
internal sealed class TunnelLostException(TunnelEnd end, bool wasLasting) : Exception(end.Message)
{
    public TunnelEnd End { get; } = end;

    public bool WasLasting { get; } = wasLasting;
}
