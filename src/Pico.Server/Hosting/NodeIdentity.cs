using System.Reflection;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Hosting;

/// <summary>Who this node is.</summary>
internal sealed class NodeIdentity(ServerOptions options)
{
    private volatile string _zone = options.Cluster.Zone;

    /// <summary>Unique in the cluster: what was configured, else the host's name with a random suffix.</summary>
    public string Id { get; } = options.NodeId.Length > 0
        ? options.NodeId
        : $"{Environment.MachineName}-{Convert.ToHexStringLower(BitConverter.GetBytes(Random.Shared.Next()))}";

    /// <summary>The version.</summary>
    public string Version { get; } = typeof(NodeIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>Software and version.</summary>
    public string Software => $"pico/{Version}";

    /// <summary>The availability zone, or empty.</summary>
    public string Zone => _zone;

    /// <summary>Where the node runs, unique for all time: in Kubernetes the pod's UID; or empty.</summary>
    public string Place { get; } = options.Cluster.Discovery?.Instance ?? "";

    /// <summary>The zone is known now.</summary>
    public void LearnZone(string zone) => _zone = zone;

    /// <summary>What the node says of itself on a tunnel.</summary>
    public TunnelHello Hello() => new() { Id = Id, Name = Id, Software = Software, Zone = Zone };
}
