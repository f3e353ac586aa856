using System.Net;

namespace Pico.Gossip;

/// <summary>How a node takes part in the gossip. The intervals are the cluster's: they are meant to be the same on every node.</summary>
public sealed record GossipOptions
{
    /// <summary>The port of gossip, where an address to join names none.</summary>
    public const int DefaultPort = 8002;

    /// <summary>Which node this is, and since when it runs. See <see cref="NodeLife"/>.</summary>
    public required NodeLife Life { get; init; }

    /// <summary>Where packets are received (UDP). The owner listens on the same port for TCP. Default: every address, <see cref="DefaultPort"/>.</summary>
    public IPEndPoint Bind { get; init; } = new(IPAddress.IPv6Any, DefaultPort);

    /// <summary>
    /// Where others reach this node, UDP and TCP alike. Null finds it: the bound address if that is a single one, else the local address of the way to the first target that
    /// resolves, else that of the first network interface that is up.
    /// </summary>
    public IPEndPoint? Advertise { get; init; }

    /// <summary>
    /// Where to look for the cluster: <c>host</c>, <c>host:port</c>, <c>address</c>, <c>[address]:port</c>. All addresses of a name are tried, and names are resolved again for ever,
    /// so that parts of a cluster that were cut off from one another find together. The port is the one of <see cref="Bind"/> where none is given. Empty: a cluster of its own.
    /// </summary>
    public IReadOnlyList<string> Join { get; init; } = [];

    /// <summary>
    /// Also without <see cref="Join"/> there are others, whom the owner will name by <see cref="GossipNode.SetJoinTargets"/>: this node has joined when it has found one of them. Default: no.
    /// </summary>
    public bool ExpectsOthers { get; init; }

    /// <summary>The first key seals what this node sends; all of them open what it receives. Empty: nothing is secret, and anybody who reaches the port can join.</summary>
    public IReadOnlyList<GossipKey> Keys { get; init; } = [];

    /// <summary>Who else knows about lives. Null: nobody.</summary>
    public ILifeAnchor? Anchor { get; init; }

    /// <summary>Gives the addresses of a name. The default asks the system.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Every node asks two others for a sign of life this often. Default 500 ms.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a member that did not answer may take to say that it lives. Default 2 s.</summary>
    public TimeSpan SuspicionTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>News are passed on this often, as long as there are any. Default 100 ms.</summary>
    public TimeSpan GossipInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often the names to join are resolved, and addresses that are no members asked. Default 5 s; more often until the node has joined.</summary>
    public TimeSpan RejoinInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a removed key is remembered. A node that was cut off for longer gets the whole state of who removed it. Default 10 minutes.</summary>
    public TimeSpan TombstoneRetention { get; init; } = TimeSpan.FromMinutes(10);
}
