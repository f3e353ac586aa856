using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Cluster.Asking;
using Pico.Server.Cluster.Balancing;
using Pico.Server.Cluster.Discovery;
using Pico.Server.Cluster.Links;
using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Relaying;
using Pico.Server.Cluster.Routes;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Cluster;

/// <summary>The services of this room. Without a cluster none of them is made but <see cref="LoneNode"/>.</summary>
internal static class ClusterServices
{
    public static IServiceCollection AddCluster(this IServiceCollection services, ClusterOptions options)
    {
        services.AddSingleton(options);
        if (!options.IsEnabled)
            return services.AddSingleton<ICluster, LoneNode>().AddSingleton<ITunnelPlacement, LoneNode>();

        return services
            .AddSingleton<ICluster, ClusterNode>()
            .AddSingleton<ClusterMetrics>()

            // Gossip: what others tell, and what this node tells
            .AddSingleton<GossipKeys>()
            .AddSingleton<GossipStarter>()
            .AddSingleton<Joining>()
            .AddSingleton<NodeSeeker>()
            .AddSingleton<DiscoveredNodes>()
            .AddSingleton<NodeEvictor>()
            .AddSingleton<LifeRegistry>()
            .AddSingleton<PeerDirectory>()
            .AddSingleton<MemberObserver>()
            .AddSingleton<RemoteRoutes>()
            .AddSingleton<NodeAnnouncer>()
            .AddSingleton<RoutePublisher>()

            // Tunnels move from nodes above the mean to those below
            .AddSingleton<Rebalancer>()
            .AddSingleton<ITunnelPlacement>(static services => services.GetRequiredService<Rebalancer>())

            // Links: dialled and accepted
            .AddSingleton<LinkIdentity>()
            .AddSingleton<LinkDialer>()
            .AddSingleton<LinkAcceptor>()
            .AddSingleton<ClusterPort>()
            .AddSingleton<PeerLinks>()
            .AddSingleton<StreamRelay>()

            // Questions of other nodes: who answers them is made late, for it asks the cluster too
            .AddSingleton(static services => new Lazy<IPeerAnswers>(services.GetRequiredService<IPeerAnswers>));
    }
}
