using System.Diagnostics.CodeAnalysis;
using Pico.Server.Limits;
using Pico.Server.Proxy;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>The upstreams of one endpoint: an immutable array behind a reference, the nearest first. How one is chosen is <see cref="UpstreamChoice"/>.</summary>
internal sealed class EndpointUpstreams(Upstream first)
{
    // Replaced under the route table's lock; read by anyone.
    private volatile Upstream[] _upstreams = [first];
    private Load? _load;
    private EndpointTraffic? _traffic;
    private volatile EndpointProtocol _protocol = first.Protocol;

    /// <summary>The endpoint, in lower case.</summary>
    public string EndpointId { get; } = first.EndpointId;

    /// <summary>
    /// What the endpoint's services speak: that of the nearest upstream. An agent that registers another protocol is refused; only nodes that had not
    /// heard of each other yet can disagree, and upstreams of another protocol are not used then.
    /// </summary>
    public EndpointProtocol Protocol => _protocol;

    /// <summary>True if it has an upstream of this node: the nearest comes first.</summary>
    public bool IsHere => _upstreams is [{ Proximity: Proximity.Here }, ..];

    /// <summary>Another number each time that an upstream of this node was withdrawn. Changed by the route table's writer only.</summary>
    public ushort Withdrawals { get; internal set; }

    /// <summary>What the endpoint's clients use just now; made by the first of them.</summary>
    public Load Load => Volatile.Read(ref _load) ?? Interlocked.CompareExchange(ref _load, new Load(), null) ?? _load;

    /// <summary>What its clients did here lately; made by the first of them.</summary>
    public EndpointTraffic Traffic => Volatile.Read(ref _traffic) ?? Interlocked.CompareExchange(ref _traffic, new EndpointTraffic(), null) ?? _traffic;

    /// <summary>The same for those who look: null while there was no client.</summary>
    public EndpointTraffic? KnownTraffic => Volatile.Read(ref _traffic);

    /// <summary>The upstreams at this moment, the nearest first.</summary>
    public ReadOnlySpan<Upstream> Upstreams => _upstreams;

    /// <summary>
    /// Chooses an upstream, leaving out those that <paramref name="tried"/> holds, those that are closed and those ejected; when all that are
    /// left are ejected, the one that would be back soonest. False when none is left.
    /// </summary>
    /// <param name="tried">What was tried already.</param>
    /// <param name="upstream">What was chosen.</param>
    /// <param name="onlyHere">Leave out other nodes: a stream that was relayed already is not relayed again.</param>
    public bool TryChoose(ref TriedUpstreams tried, [NotNullWhen(true)] out Upstream? upstream, bool onlyHere = false)
    {
        ReadOnlySpan<Upstream> upstreams = _upstreams;
        if (onlyHere)
            upstreams = upstreams[..UpstreamChoice.CountWithin(upstreams, Proximity.Here)];
        upstream = upstreams.Length == 0 ? null : new UpstreamChoice(upstreams, upstreams[0].Protocol, ref tried).Choose();
        return upstream is not null;
    }

    /// <summary>
    /// Chooses (<see cref="TryChoose"/>) and counts the request in; the caller owes one <see cref="Upstream.EndRequest"/>. Upstreams that take no more just now are tried
    /// with that. When none is left, <paramref name="error"/> is what the last of them said, else what it was.
    /// </summary>
    public bool TryBegin(ref TriedUpstreams tried, [NotNullWhen(true)] out Upstream? upstream, ref ProxyError error, bool onlyHere = false)
    {
        while (TryChoose(ref tried, out upstream, onlyHere))
        {
            var refusal = upstream.BeginRequest();
            if (refusal == ProxyError.None)
                return true;
            error = refusal;
            tried.Add(upstream);
            upstream.OpenAbandoned(); // that it is busy proves nothing about opening a stream
        }

        return false;
    }

    /// <summary>Adds an upstream behind those that are as near. The route table's writer only.</summary>
    internal void Add(Upstream upstream)
    {
        var index = UpstreamChoice.CountWithin(_upstreams, upstream.Proximity);
        Set([.. _upstreams.AsSpan(0, index), upstream, .. _upstreams.AsSpan(index)]);
    }

    /// <summary>Removes an upstream; false if it was not there. The route table's writer only.</summary>
    internal bool Remove(Upstream upstream)
    {
        var index = Array.IndexOf(_upstreams, upstream);
        if (index < 0)
            return false;

        Set([.. _upstreams.AsSpan(0, index), .. _upstreams.AsSpan(index + 1)]);
        return true;
    }

    /// <summary>Puts the nearest first again. The route table's writer only.</summary>
    internal void Sort() => Set([.. _upstreams.OrderBy(u => u.Proximity)]);

    private void Set(Upstream[] upstreams)
    {
        if (upstreams.Length > 0)
            _protocol = upstreams[0].Protocol;
        _upstreams = upstreams;
    }
}
