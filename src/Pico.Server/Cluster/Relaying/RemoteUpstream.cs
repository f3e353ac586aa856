using System.Diagnostics;
using System.Net;
using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Routes;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Cluster.Relaying;

/// <summary>What another node has of one endpoint: a stream is opened there, over the peer link, and joined there with one to the service.</summary>
internal sealed class RemoteUpstream(Peer peer, string endpointId, RouteValue route, TimeProvider time) : Upstream(endpointId, route.Protocol, time)
{
    private int _weight = route.Count;

    /// <summary>The node.</summary>
    public Peer Peer { get; } = peer;

    /// <inheritdoc cref="RouteValue.Withdrawals"/>
    public ushort Withdrawals { get; } = route.Withdrawals;

    /// <inheritdoc/>
    public override Proximity Proximity => Peer.Proximity;

    /// <inheritdoc/>
    public override int Weight => Volatile.Read(ref _weight);

    /// <inheritdoc/>
    public override bool IsOpen => base.IsOpen && Peer.IsUsable;

    /// <inheritdoc/>
    public override string NodeId => Peer.Life.NodeId;

    /// <inheritdoc/>
    public override string Description => $"node {Peer.Life.NodeId} at {Peer.Member.Address}";

    /// <inheritdoc/>
    public override bool IsEjected => !IsPreferred || base.IsEjected;

    /// <inheritdoc/>
    /// <remarks>A node that drains still works, one that is dialled may, one that fails may work again, one without a link hardly does.</remarks>
    public override long EjectedUntil => Peer.Link.IsDown ? long.MaxValue : Math.Max(base.EjectedUntil, IsPreferred ? 0 : Peer.IsDraining ? 1 : 2);

    private bool HasLink => !Peer.Link.IsDown && !Peer.Link.IsHesitating;

    private bool IsPreferred => HasLink && !Peer.IsDraining;

    /// <inheritdoc/>
    protected override bool KeepsIdle => IsOpen && !Peer.IsDraining;

    /// <summary>It has another number of upstreams.</summary>
    public void Weigh(int weight) => Volatile.Write(ref _weight, weight);

    /// <inheritdoc/>
    public override bool TryTake() => IsPreferred && base.TryTake();

    /// <inheritdoc/>
    /// <remarks>The link looks after itself; what is left out for a while here is one endpoint at that node.</remarks>
    public override bool OpenFailed(StreamError error)
    {
        if (error != StreamError.TunnelLost && HasLink)
            return base.OpenFailed(error);
        OpenAbandoned();
        return false;
    }

    /// <inheritdoc/>
    public override ValueTask<TunnelStream> OpenAsync(IPEndPoint? client, ActivityContext trace, CancellationToken cancellationToken) =>
        Peer.Link.OpenAsync(new StreamOpen { EndpointId = EndpointId, Protocol = Protocol, ClientAddress = client, Trace = trace }, cancellationToken);
}
