using System.Diagnostics.CodeAnalysis;
using Pico.Server.Limits;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>The upstreams of one endpoint: an immutable array behind a reference, and the choice among them.</summary>
internal sealed class EndpointUpstreams(Upstream first)
{
    // Replaced under the route table's lock; read by anyone.
    private volatile Upstream[] _upstreams = [first];

    /// <summary>The endpoint, in lower case.</summary>
    public string EndpointId { get; } = first.EndpointId;

    /// <summary>What the endpoint's services speak (that of the registration that came first; another protocol is refused).</summary>
    public EndpointProtocol Protocol { get; } = first.Protocol;

    /// <summary>What the endpoint's clients use just now.</summary>
    public Load Load { get; } = new();

    /// <summary>The upstreams at this moment.</summary>
    public ReadOnlySpan<Upstream> Upstreams => _upstreams;

    /// <summary>
    /// Chooses the upstream with the least outstanding of two random ones, leaving out those that <paramref name="tried"/> holds, those
    /// that are closed and those ejected; when all that are left are ejected, the one that would be back soonest.
    /// False when none is left.
    /// </summary>
    public bool TryChoose(ref TriedUpstreams tried, [NotNullWhen(true)] out Upstream? upstream)
    {
        var upstreams = _upstreams;
        upstream = upstreams.Length switch
        {
            0 => null,
            1 => IsLeft(upstreams[0], ref tried) ? upstreams[0] : null,
            _ => OfTwo(upstreams, ref tried) ?? OfAll(upstreams, ref tried),
        };
        return upstream is not null;
    }

    /// <summary>Adds an upstream. The route table's writer only.</summary>
    internal void Add(Upstream upstream) => _upstreams = [.. _upstreams, upstream];

    /// <summary>Removes an upstream; false if it was not there. The route table's writer only.</summary>
    internal bool Remove(Upstream upstream)
    {
        var index = Array.IndexOf(_upstreams, upstream);
        if (index < 0)
            return false;

        _upstreams = [.. _upstreams.AsSpan(0, index), .. _upstreams.AsSpan(index + 1)];
        return true;
    }

    private static bool IsLeft(Upstream upstream, ref TriedUpstreams tried) => upstream.IsOpen && !tried.Contains(upstream);

    private static Upstream? OfTwo(Upstream[] upstreams, ref TriedUpstreams tried)
    {
        var i = Random.Shared.Next(upstreams.Length);
        var j = Random.Shared.Next(upstreams.Length - 1);
        var (a, b) = (upstreams[i], upstreams[j >= i ? j + 1 : j]);
        if (b.Outstanding < a.Outstanding)
            (a, b) = (b, a);

        if (IsLeft(a, ref tried) && a.Ejection.TryTake())
            return a;
        return IsLeft(b, ref tried) && b.Ejection.TryTake() ? b : null;
    }

    // The usual case never comes here: of two random ones both were tried, closed or ejected.
    private static Upstream? OfAll(Upstream[] upstreams, ref TriedUpstreams tried)
    {
        Upstream? best = null;
        Upstream? soonest = null;
        foreach (var upstream in upstreams)
        {
            if (!IsLeft(upstream, ref tried))
                continue;
            if (!upstream.Ejection.IsEjected && (best is null || upstream.Outstanding < best.Outstanding))
                best = upstream;
            if (soonest is null || upstream.Ejection.Until < soonest.Ejection.Until)
                soonest = upstream;
        }

        return best is not null && best.Ejection.TryTake() ? best : soonest;
    }
}
