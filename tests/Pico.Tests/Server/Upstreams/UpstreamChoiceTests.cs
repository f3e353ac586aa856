using Microsoft.Extensions.Time.Testing;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Upstreams;

public sealed class UpstreamChoiceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RouteTable _routes = new();

    [Fact]
    public void Choose_BelowTheLimit_StaysHere()
    {
        var here = Add(Proximity.Here);
        Add(Proximity.Zone);
        Add(Proximity.Elsewhere);

        for (var i = 0; i < UpstreamChoice.PreferHere; i++)
            Begin(Choose());

        Assert.Equal(UpstreamChoice.PreferHere, here.Outstanding);
    }

    [Fact]
    public void Choose_BeyondTheLimit_SharesWithTheZoneByWeightAndNotWithOthers()
    {
        var here = Add(Proximity.Here);
        var zone = Add(Proximity.Zone, listeners: 3);
        var far = Add(Proximity.Elsewhere);

        for (var i = 0; i < 8 * UpstreamChoice.PreferHere; i++)
            Begin(Choose());

        Assert.InRange(here.Outstanding, UpstreamChoice.PreferHere, 2.1 * UpstreamChoice.PreferHere);
        Assert.InRange(zone.Outstanding, 5.8 * UpstreamChoice.PreferHere, 7 * UpstreamChoice.PreferHere);
        Assert.Equal(0, far.Outstanding);
    }

    [Fact]
    public void Choose_NothingNear_GoesElsewhereInProportionToTheWeights()
    {
        var small = Add(Proximity.Elsewhere);
        var large = Add(Proximity.Elsewhere, listeners: 9);
        var counts = new Dictionary<Upstream, int> { [small] = 0, [large] = 0 };

        for (var i = 0; i < 10_000; i++)
            counts[Choose()!]++;

        Assert.InRange(counts[large], 8_700, 9_300);
    }

    [Fact]
    public void Choose_NearestEjected_TakesTheNextNearest()
    {
        Add(Proximity.Here).OpenFailed(StreamError.ServiceUnreachable);
        var zone = Add(Proximity.Zone);
        var far = Add(Proximity.Elsewhere);
        Assert.Same(zone, Choose());

        zone.OpenFailed(StreamError.ServiceUnreachable);
        Assert.Same(far, Choose());

        far.Open = false;
        Assert.NotNull(Choose()); // one that is ejected, rather than none
    }

    [Fact]
    public void Choose_OnlyHere_NeverLeavesTheNode()
    {
        var here = Add(Proximity.Here);
        Add(Proximity.Zone);
        Assert.True(_routes.TryGet("e", out var endpoint));
        var tried = default(TriedUpstreams);

        Assert.True(endpoint.TryChoose(ref tried, out var chosen, onlyHere: true));
        Assert.Same(here, chosen);
        tried.Add(chosen);
        Assert.False(endpoint.TryChoose(ref tried, out _, onlyHere: true));
    }

    [Fact]
    public void Choose_OtherProtocolThanTheNearest_IsNotUsed()
    {
        var tcp = new TestUpstream("e", _time, EndpointProtocol.Tcp) { Distance = Proximity.Elsewhere };
        var http = new TestUpstream("e", _time, EndpointProtocol.Http) { Distance = Proximity.Zone };
        _routes.AddRemote(tcp);
        _routes.AddRemote(http);

        Assert.True(_routes.TryGet("e", out var endpoint));
        Assert.Equal(EndpointProtocol.Http, endpoint.Protocol);
        for (var i = 0; i < 20; i++)
            Assert.Same(http, Choose());

        _routes.Remove(http);
        Assert.Equal(EndpointProtocol.Tcp, endpoint.Protocol);
        Assert.Same(tcp, Choose());
    }

    [Fact]
    public void Sort_ProximityChanged_PutsTheNearestFirst()
    {
        var a = Add(Proximity.Elsewhere);
        var b = Add(Proximity.Elsewhere);
        Assert.True(_routes.TryGet("e", out var endpoint));

        b.Distance = Proximity.Zone;
        _routes.Sort(endpoint);

        Assert.Equal([b, a], endpoint.Upstreams.ToArray());
        Assert.Same(b, Choose());
    }

    [Fact]
    public void Choose_AcrossNodes_AllocatesNothing()
    {
        Add(Proximity.Here).BeginRequest();
        Add(Proximity.Zone);
        Add(Proximity.Zone);
        Add(Proximity.Elsewhere);
        Choose();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Choose();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Begin(Upstream? upstream) => upstream!.BeginRequest();

    private TestUpstream Add(Proximity distance, int listeners = 1)
    {
        var upstream = new TestUpstream("e", _time) { Distance = distance, Listeners = listeners };
        if (distance == Proximity.Here)
            Assert.Null(_routes.Add(upstream));
        else
            _routes.AddRemote(upstream);
        return upstream;
    }

    private Upstream? Choose()
    {
        var tried = default(TriedUpstreams);
        Assert.True(_routes.TryGet("e", out var endpoint));
        return endpoint.TryChoose(ref tried, out var upstream) ? upstream : null;
    }
}
