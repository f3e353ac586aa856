using Pico.Server.Cluster.Discovery;

namespace Pico.Server.Cluster;

/// <summary>How the node takes part in a cluster. Without <see cref="Join"/> and <see cref="Discovery"/> it is alone: it opens no port for others and gossips nothing.</summary>
public sealed class ClusterOptions
{
    /// <summary>Where other nodes reach this one, UDP (gossip) and TCP (gossip, peer links): <c>[host]:port</c>; port 0 takes a free one. Default <c>:8002</c>, all addresses.</summary>
    public string BindAddress { get; set; } = ":8002";

    /// <summary>The address that other nodes use, <c>address[:port]</c>. Default: found (the bound one, else that of the way to the first node to join).</summary>
    public string AdvertiseAddress { get; set; } = "";

    /// <summary>
    /// Nodes of the cluster, <c>host[:port]</c>: addresses, or names of which all addresses are tried and which are resolved again for ever. May name this node too.
    /// </summary>
    public IReadOnlyList<string> Join { get; set; } = [];

    /// <summary>A node that finds nobody for this long is ready alone, and goes on looking. Default 10 s.</summary>
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A secret that all nodes share, base64 of 32 bytes: encrypts and authenticates the gossip. Empty: only <see cref="KeyFiles"/>.</summary>
    public string Key { get; set; } = "";

    /// <summary>Files with such keys, one a line; read again when they change. The first key of all (<see cref="Key"/> comes before) encrypts, every one decrypts.</summary>
    public IReadOnlyList<string> KeyFiles { get; set; } = [];

    /// <summary>The availability zone of the node; requests stay within a zone while they can.</summary>
    public string Zone { get; set; } = "";

    /// <summary>Who else knows the nodes, beside <see cref="Join"/>; it stays the owner's. Null: nobody.</summary>
    public INodeDiscovery? Discovery { get; set; }

    /// <summary>True if the node takes part in a cluster.</summary>
    internal bool IsEnabled => Join.Count > 0 || Discovery is not null;
}
