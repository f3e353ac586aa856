using Pico.Server.Hosting;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>Which agents this node takes a tunnel from, token or not.</summary>
internal sealed class TunnelAdmission(TunnelSet tunnels, NodeIdentity node, NodeLifecycle lifecycle, UpstreamOptions options)
{
    /// <summary>Why nothing new is taken while the node drains.</summary>
    public string Draining => $"The node {node.Id} is draining.";

    /// <summary>True once the node drains.</summary>
    public bool IsDraining => lifecycle.IsDraining;

    /// <summary>Null to admit <paramref name="agent"/>, else the reason not to.</summary>
    public TunnelEnd? Judge(TunnelHello agent)
    {
        if (lifecycle.IsDraining)
            return new TunnelEnd(TunnelError.Draining, Draining);
        if (options.MaxTunnels != 0 && tunnels.Count >= options.MaxTunnels)
            return new TunnelEnd(TunnelError.TooManyTunnels, $"The node {node.Id} has {options.MaxTunnels} tunnels and takes no more.");
        if (!agent.AcceptsDuplicate && agent.HeldNodes.Contains(node.Id, StringComparer.Ordinal))
            return new TunnelEnd(TunnelError.Duplicate, $"The agent already holds a tunnel to the node {node.Id}.");
        return null;
    }
}
