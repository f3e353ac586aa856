using Microsoft.Extensions.Time.Testing;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Upstreams;

public sealed class EndpointUpstreamsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RouteTable _routes = new();

    [Fact]
    public void TryChoose_TwoUpstreams_TakesTheOneWithLessOutstanding()
    {
        var (endpoint, upstreams) = Make(2);
        upstreams[0].BeginRequest();

        for (var i = 0; i < 100; i++)
            Assert.Same(upstreams[1], Choose(endpoint));
    }

    [Fact]
    public void TryChoose_ManyUpstreams_SpreadsRequestsInFlightEvenly()
    {
        var (endpoint, upstreams) = Make(10);

        for (var i = 0; i < 1000; i++)
            Choose(endpoint)!.BeginRequest();

        Assert.All(upstreams, u => Assert.InRange(u.Outstanding, 90, 110));
    }

    [Fact]
    public void TryChoose_AllTried_GivesNone()
    {
        var (endpoint, upstreams) = Make(3);
        var tried = default(TriedUpstreams);
        var chosen = new HashSet<Upstream>();
        while (endpoint.TryChoose(ref tried, out var upstream))
        {
            tried.Add(upstream);
            Assert.True(chosen.Add(upstream));
        }

        Assert.Equal(upstreams.ToHashSet<Upstream>(), chosen);
    }

    [Fact]
    public void TryChoose_ClosedUpstream_IsLeftOut()
    {
        var (endpoint, upstreams) = Make(3);
        upstreams[0].Open = upstreams[1].Open = false;
        Assert.Same(upstreams[2], Choose(endpoint));

        upstreams[2].Open = false;
        Assert.Null(Choose(endpoint));
    }

    [Fact]
    public void TryChoose_EjectedUpstream_IsLeftOutThenProbedByOneRequest()
    {
        var (endpoint, upstreams) = Make(2);
        upstreams[1].BeginRequest(); // so that the other one is preferred
        upstreams[0].OpenFailed(StreamError.ServiceUnreachable);
        Assert.Same(upstreams[1], Choose(endpoint));

        _time.Advance(Ejection.MinBackOff * 1.3);
        Assert.Same(upstreams[0], Choose(endpoint));
        Assert.Same(upstreams[1], Choose(endpoint));

        upstreams[0].OpenSucceeded();
        Assert.Same(upstreams[0], Choose(endpoint));
        Assert.Same(upstreams[0], Choose(endpoint));
    }

    [Fact]
    public void TryChoose_AllEjected_TakesTheOneThatIsBackSoonest()
    {
        var (endpoint, upstreams) = Make(3);
        foreach (var upstream in upstreams)
            upstream.OpenFailed(StreamError.ServiceUnreachable);
        foreach (var upstream in upstreams.Where(u => u != upstreams[1]))
        {
            _time.Advance(Ejection.MinBackOff * 1.3);
            Assert.True(upstream.TryTake());
            upstream.OpenFailed(StreamError.ServiceUnreachable);
        }

        Assert.Same(upstreams.MinBy(u => u.EjectedUntil), Choose(endpoint));
    }

    [Fact]
    public void TryChoose_Usual_AllocatesNothing()
    {
        var (endpoint, _) = Make(3);
        Choose(endpoint);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Choose(endpoint);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Upstream? Choose(EndpointUpstreams endpoint)
    {
        var tried = default(TriedUpstreams);
        return endpoint.TryChoose(ref tried, out var upstream) ? upstream : null;
    }

    private (EndpointUpstreams Endpoint, TestUpstream[] Upstreams) Make(int count)
    {
        var upstreams = Enumerable.Range(0, count).Select(_ => new TestUpstream("e", _time)).ToArray();
        foreach (var upstream in upstreams)
            _routes.Add(upstream);
        Assert.True(_routes.TryGet("e", out var endpoint));
        return (endpoint, upstreams);
    }
}
