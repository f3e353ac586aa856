using Microsoft.Extensions.Time.Testing;
using Pico.Server.Auth;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Tests.Server.Upstreams;

public sealed class TokenShareTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Share_OfATokenWithoutLimits_IsNone() => Assert.Null(TokenShare.Of(VerifiedToken.Anonymous, _time));

    [Fact]
    public void Enter_BoundsWhatRunsAtOnce()
    {
        var share = TokenShare.Of(Token(maxStreams: 2), _time)!;
        Assert.Equal(ProxyError.None, share.Enter());
        Assert.Equal(ProxyError.None, share.Enter());
        Assert.Equal(ProxyError.Overloaded, share.Enter());
        share.Exit();
        Assert.Equal(ProxyError.None, share.Enter());
    }

    [Fact]
    public void Enter_BoundsWhatComesInASecond()
    {
        var share = TokenShare.Of(Token(rateLimit: 10), _time)!;
        for (var second = 0; second < 3; second++)
        {
            var taken = 0;
            while (share.Enter() == ProxyError.None)
                taken++;
            Assert.Equal(10, taken);
            Assert.Equal(ProxyError.RateLimited, share.Enter());
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void Choice_LeavesOutUpstreamsThatTakeNoMore_AndSaysWhyWhenNoneIsLeft()
    {
        TestUpstream[] upstreams = [new("orders", _time), new("orders", _time)];
        var routes = new RouteTable();
        foreach (var upstream in upstreams)
            routes.Add(upstream);
        Assert.True(routes.TryGet("orders", out var endpoint));

        upstreams[0].Refusal = ProxyError.Overloaded;
        for (var i = 0; i < 20; i++)
        {
            Assert.True(TryBegin(endpoint, out var chosen, out _));
            Assert.Same(upstreams[1], chosen);
        }

        upstreams[1].Refusal = ProxyError.Overloaded;
        Assert.False(TryBegin(endpoint, out _, out var error));
        Assert.Equal(ProxyError.Overloaded, error);
        Assert.All(upstreams, u => Assert.False(u.IsEjected));
        Assert.Equal((0, 20), (upstreams[0].Outstanding, upstreams[1].Outstanding));
    }

    private static bool TryBegin(EndpointUpstreams endpoint, out Upstream? chosen, out ProxyError error)
    {
        var tried = default(TriedUpstreams);
        error = ProxyError.None;
        return endpoint.TryBegin(ref tried, out chosen, ref error);
    }

    private static VerifiedToken Token(int? maxStreams = null, int? rateLimit = null) =>
        new() { Identity = "test", Endpoints = EndpointPatterns.All, MaxStreams = maxStreams, RateLimit = rateLimit };
}
