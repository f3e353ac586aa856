using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pico.Gossip;
using Pico.Server.Cluster.Links;
using Pico.Server.Cluster.Members;
using Pico.Server.Hosting;

namespace Pico.Server.Cluster;

/// <summary>Opens the gossip port, TCP and UDP, and starts the gossip on it.</summary>
internal sealed class GossipStarter(
    ClusterOptions options, NodeIdentity node, ClusterPort port, GossipKeys keys, MemberObserver observer, TimeProvider time, ILoggerFactory loggers)
{
    // A free port of TCP need not be one of UDP.
    private const int TriesForAFreePort = 20;

    /// <summary>Gives the running gossip. Throws <see cref="ServerStartException"/>, whose message names the option.</summary>
    public async Task<(GossipNode Gossip, IPEndPoint Address)> StartAsync(CancellationToken cancellationToken)
    {
        var ring = keys.Read();
        if (!BindAddress.TryParse(options.BindAddress, out var bind))
            throw new ServerStartException(new OptionError("cluster.bind-addr", options.BindAddress, BindAddress.Rule).ToString());

        var wanted = bind.IsAny && !Socket.OSSupportsIPv6 ? new IPEndPoint(IPAddress.Any, bind.EndPoint.Port) : bind.EndPoint;
        for (var tries = 1; ; tries++)
        {
            GossipNode? gossip = null;
            try
            {
                var address = port.Bind(wanted);
                gossip = new GossipNode(Options(address, ring), observer, time, loggers);
                await gossip.StartAsync(cancellationToken);
                port.Start(gossip);
                keys.Watch(gossip);
                return (gossip, address);
            }
            catch (SocketException exception)
            {
                if (gossip is not null)
                    await gossip.DisposeAsync();
                if (wanted.Port != 0 || exception.SocketErrorCode != SocketError.AddressAlreadyInUse || tries == TriesForAFreePort)
                    throw new ServerStartException($"cluster.bind-addr: cannot listen on '{options.BindAddress}': {Listeners.Words(exception)}", exception);
            }
        }
    }

    private GossipOptions Options(IPEndPoint address, IReadOnlyList<GossipKey> ring) => new()
    {
        Life = new NodeLife(node.Id, time.GetUtcNow().ToUnixTimeMilliseconds()),
        Bind = address,
        Advertise = AdvertisedAddress.Parse(options.AdvertiseAddress, address.Port),
        Join = options.Join,
        ExpectsOthers = options.Discovery is not null,
        Anchor = observer.Anchor,
        Keys = ring,
    };
}
