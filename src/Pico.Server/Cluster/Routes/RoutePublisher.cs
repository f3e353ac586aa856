using Microsoft.Extensions.Logging;
using Pico.Gossip;
using Pico.Server.Upstreams;

namespace Pico.Server.Cluster.Routes;

/// <summary>Tells the other nodes what this one has, at each change.</summary>
internal sealed partial class RoutePublisher(RouteTable routes, ILogger<RoutePublisher> logger)
{
    private readonly Lock _publishing = new(); // whoever publishes last has looked last
    private GossipNode? _gossip;

    /// <summary>Begins to publish.</summary>
    public void Start(GossipNode gossip)
    {
        _gossip = gossip;
        routes.ChangedHere += Publish;
        foreach (var endpoint in routes.Endpoints)
            Publish(endpoint.EndpointId);
    }

    /// <summary>Publishes nothing more.</summary>
    public void Stop() => routes.ChangedHere -= Publish;

    private void Publish(string endpointId)
    {
        lock (_publishing)
        {
            try
            {
                if (Find(endpointId) is { } route)
                    _gossip!.Set(endpointId, route.Encode());
                else
                    _gossip!.Remove(endpointId);
            }
            catch (InvalidOperationException exception)
            {
                LogNotPublished(endpointId, exception.Message);
            }
        }
    }

    private RouteValue? Find(string endpointId)
    {
        if (!routes.TryGet(endpointId, out var endpoint))
            return null;
        var upstreams = endpoint.Upstreams;
        var count = UpstreamChoice.CountWithin(upstreams, Proximity.Here);
        return count == 0 ? null : new RouteValue(upstreams[0].Protocol, count, endpoint.Withdrawals);
    }

    [LoggerMessage(2661, LogLevel.Error, "Other nodes do not hear of {Endpoint}: {Reason}")]
    private partial void LogNotPublished(string endpoint, string reason);
}
