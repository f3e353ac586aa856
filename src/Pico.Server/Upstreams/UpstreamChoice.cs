using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>
/// The choice among the upstreams of an endpoint:
/// <code>
///   1 here: of two random ones the one with less in flight, if that is under <see cref="PreferHere"/>
///   2 here and in this zone, else anywhere: of two random ones the one with less in flight for each listener
///   3 whatever is left, if those two would not do: the nearest, then the least loaded; of ejected ones the one that is back soonest
/// </code>
/// Equal ones are taken at random, in proportion to their weights. It takes no lock and allocates nothing.
/// </summary>
internal readonly ref struct UpstreamChoice
{
    /// <summary>
    /// Up to so many requests in flight an upstream whose tunnel ends at this node is preferred: a relayed request costs a second node's work and a
    /// hop, which only pays when the services behind this node are busier than most that are run behind a tunnel can be.
    /// </summary>
    public const int PreferHere = 64;

    private readonly ReadOnlySpan<Upstream> _upstreams;
    private readonly EndpointProtocol _protocol;
    private readonly ref TriedUpstreams _tried;

    /// <param name="upstreams">At least one, the nearest first.</param>
    /// <param name="protocol">What the one chosen must speak.</param>
    /// <param name="tried">What is left out.</param>
    public UpstreamChoice(ReadOnlySpan<Upstream> upstreams, EndpointProtocol protocol, ref TriedUpstreams tried)
    {
        _upstreams = upstreams;
        _protocol = protocol;
        _tried = ref tried;
    }

    /// <summary>How many of <paramref name="upstreams"/>, the nearest first, are at most as far as <paramref name="proximity"/>.</summary>
    public static int CountWithin(ReadOnlySpan<Upstream> upstreams, Proximity proximity)
    {
        var (low, high) = (0, upstreams.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (upstreams[middle].Proximity <= proximity)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The upstream to use, or null when none is left.</summary>
    public Upstream? Choose()
    {
        if (_upstreams.Length == 1)
            return IsLeft(_upstreams[0]) ? _upstreams[0] : null;

        var here = CountWithin(_upstreams, Proximity.Here);
        if (here == _upstreams.Length)
            return OfTwo(_upstreams, int.MaxValue) ?? OfAll(); // 1, without a limit, for there is nobody else
        if (here > 0 && OfTwo(_upstreams[..here], PreferHere) is { } local) // 1
            return local;
        var near = CountWithin(_upstreams, Proximity.Zone);
        return OfTwo(_upstreams[..(near > 0 ? near : _upstreams.Length)], int.MaxValue) // 2
            ?? OfAll(); // 3
    }

    private static bool IsLighter(Upstream a, Upstream b)
    {
        var difference = ((long)a.Outstanding * b.Weight) - ((long)b.Outstanding * a.Weight);
        return difference < 0 || (difference == 0 && Random.Shared.Next(a.Weight + b.Weight) < a.Weight);
    }

    private bool IsLeft(Upstream upstream) => upstream.Protocol == _protocol && upstream.IsOpen && !_tried.Contains(upstream);

    private Upstream? OfTwo(ReadOnlySpan<Upstream> upstreams, int limit)
    {
        if (upstreams.Length == 1)
            return Take(upstreams[0], limit);
        var i = Random.Shared.Next(upstreams.Length);
        var j = Random.Shared.Next(upstreams.Length - 1);
        var (a, b) = (upstreams[i], upstreams[j >= i ? j + 1 : j]);
        if (IsLighter(b, a))
            (a, b) = (b, a);
        return Take(a, limit) ?? Take(b, limit);
    }

    private Upstream? Take(Upstream upstream, int limit) =>
        upstream.Outstanding < limit && IsLeft(upstream) && upstream.TryTake() ? upstream : null;

    // The usual case never comes here: of two random ones both were tried, closed or ejected.
    private Upstream? OfAll()
    {
        Upstream? best = null;
        Upstream? soonest = null;
        foreach (var upstream in _upstreams)
        {
            if (!IsLeft(upstream))
                continue;
            if (!upstream.IsEjected && (best is null || (upstream.Proximity == best.Proximity && IsLighter(upstream, best))))
                best = upstream;
            if (soonest is null || upstream.EjectedUntil < soonest.EjectedUntil)
                soonest = upstream;
        }

        return best is not null && best.TryTake() ? best : soonest;
    }
}
