namespace Pico.Server.Upstreams.Tunnels;

/// <summary>Whether this node is a good place for a tunnel that another node has asked to move.</summary>
internal interface ITunnelPlacement
{
    /// <summary>True unless this node has more tunnels than the mean of the cluster's.</summary>
    bool HasRoom { get; }
}
